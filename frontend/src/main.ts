// TensorBoard imports this module and calls render(); nobody catches what it throws.

import { mount } from "svelte";

import App from "./views/App.svelte";

export function render(): void {
  document.documentElement.lang = "en";
  document.title = "ConvLens";
  document.body.style.margin = "0";
  try {
    mount(App, { target: document.body });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    text.style.cssText = "font: 14px system-ui, sans-serif; padding: 24px; max-width: 60ch";
    text.textContent = `The ConvLens tab could not start: ${reason}. Reload the page with an up-to-date browser.`;
    document.body.replaceChildren(text);
  }
}
