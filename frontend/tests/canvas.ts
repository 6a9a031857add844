// A 2D canvas for an environment without one: it takes every call and draws nothing.

export function installCanvas(): void {
  const context = {
    createImageData: (width: number, height: number) => ({
      width,
      height,
      data: new Uint8ClampedArray(4 * width * height),
    }),
    measureText: (text: string) => ({ width: 6 * text.length }),
  };
  const silent = new Proxy(context, {
    get: (target, name) => (name in target ? target[name as keyof typeof target] : () => undefined),
    set: () => true,
  });
  Object.defineProperty(HTMLCanvasElement.prototype, "getContext", {
    configurable: true,
    value: () => silent,
  });
}
