// Paints the filter grid: one canvas the size of the view, one ImageData, one putImageData.
//
// The cost is bounded by the pixels in view, not by the number of filters. Nothing is
// allocated per frame while the view keeps its size.

import type { Rectangle } from "../words/drawing";
import { placesInView, tileOrigin, type Grid } from "./grid";
import type { Pixels } from "../pictures/lut";
import { planeLevels, reducePlane, type Planes } from "../pictures/planes";

export interface GridColors {
  background: number;
  /** Tiles of filters that never respond, and their hatching. */
  unresponsive: number;
  hatch: number;
  /** Second color of the hatching of values that are not finite. */
  flag: number;
  text: string;
  muted: string;
  accent: string;
  border: string;
  page: string;
}

/** What stands at one place of the grid. */
export interface GridTile {
  planes: Planes;
  channel: number;
  lut: Pixels;
  /** Whether every value is zero. */
  unresponsive: boolean;
  /** Whether some values are not finite. */
  flagged: boolean;
  label: string;
  /** Right-hand text of the label, "" for none; `brief` stands in where there is less room. */
  note: string;
  brief?: string;
  emphasis: "selected" | "hovered" | "none";
}

/** What is painted. */
export interface GridScene {
  grid: Grid;
  scrollTop: number;
  /** Null: the place stays empty. */
  tileAt: (place: number) => GridTile | null;
  /** Draws what else belongs on a tile, as the marks of people. */
  decorate?: Decoration | null;
  colors: GridColors;
}

export type Decoration = (
  context: CanvasRenderingContext2D,
  channel: number,
  box: Rectangle,
) => void;

interface Tile {
  levels: Uint8Array;
  height: number;
  width: number;
}

interface ReducedTiles {
  height: number;
  width: number;
  /** The tiles, by channel. */
  tiles: Map<number, Tile>;
}

/** In CSS pixels, as on any screen. */
const HATCH_PERIOD = 8;
const FLAG_PERIOD = 4;
const FONT = '11px system-ui, "Segoe UI", Roboto, sans-serif';

export class TileRenderer {
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #pixels: Pixels = new Uint32Array(0);
  #ratio = 1;
  /** Planes that are drawn smaller than they are; forgotten with the planes themselves. */
  readonly #reduced = new WeakMap<Planes, ReducedTiles>();
  #columnOf = new Int32Array(0);

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    if (!context)
      throw new Error("The filter grid needs a 2D canvas, which this browser does not provide.");
    this.#context = context;
  }

  /** Sets the size of the view in CSS pixels. */
  resize(width: number, height: number, ratio: number): void {
    const w = Math.max(1, Math.round(width * ratio));
    const h = Math.max(1, Math.round(height * ratio));
    if (this.#image && this.#image.width === w && this.#image.height === h) return;
    this.canvas.width = w;
    this.canvas.height = h;
    this.#ratio = ratio;
    this.#image = this.#context.createImageData(w, h);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  draw(scene: GridScene): void {
    const image = this.#image;
    if (!image) return;
    const view = { top: scene.scrollTop, height: image.height / this.#ratio };
    const { first, end } = placesInView(scene.grid, view);
    this.#pixels.fill(scene.colors.background);
    for (let place = first; place < end; place++) this.#paintTile(scene, place);
    this.#context.putImageData(image, 0, 0);
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    for (let place = first; place < end; place++) this.#drawMarks(scene, place);
  }

  #rectangle(scene: GridScene, place: number): Rectangle {
    const { x, y } = tileOrigin(scene.grid, place);
    return {
      x: Math.round(x * this.#ratio),
      y: Math.round((y - scene.scrollTop) * this.#ratio),
      width: Math.round(scene.grid.tileWidth * this.#ratio),
      height: Math.round(scene.grid.tileHeight * this.#ratio),
    };
  }

  #paintTile(scene: GridScene, place: number): void {
    const shown = scene.tileAt(place);
    if (!shown) return;
    const box = this.#rectangle(scene, place);
    if (shown.unresponsive) {
      this.#paintHatching(box, scene.colors.unresponsive, scene.colors.hatch);
      return;
    }
    const tile = this.#tile(shown.planes, shown.channel, box);
    this.#paintLevels(tile, box, shown.lut);
    if (shown.flagged) this.#paintFlags(tile, box, scene.colors.flag);
  }

  /** The plane of a channel, averaged down where the tile is smaller than the plane. */
  #tile(planes: Planes, channel: number, box: Rectangle): Tile {
    const height = Math.min(planes.height, box.height);
    const width = Math.min(planes.width, box.width);
    const levels = planeLevels(planes, channel);
    if (height === planes.height && width === planes.width) return { levels, height, width };
    let kept = this.#reduced.get(planes);
    if (!kept || kept.width !== width || kept.height !== height) {
      kept = { width, height, tiles: new Map() };
      this.#reduced.set(planes, kept);
    }
    let tile = kept.tiles.get(channel);
    if (!tile) {
      tile = { levels: reducePlane(levels, planes, { height, width }), height, width };
      kept.tiles.set(channel, tile);
    }
    return tile;
  }

  #paintLevels(tile: Tile, box: Rectangle, lut: Pixels): void {
    const width = this.canvas.width;
    const right = Math.min(box.width, width - box.x);
    const columns = this.#columns(tile.width, box.width);
    const bottom = Math.min(box.height, this.canvas.height - box.y);
    for (let y = Math.max(0, -box.y); y < bottom; y++) {
      const source = Math.floor((y * tile.height) / box.height) * tile.width;
      const target = (box.y + y) * width + box.x;
      for (let x = 0; x < right; x++) {
        this.#pixels[target + x] = lut[tile.levels[source + columns[x]!]!]!;
      }
    }
  }

  /** Hatches the places that are not finite, so that they are no color of the scale. */
  #paintFlags(tile: Tile, box: Rectangle, flag: number): void {
    const width = this.canvas.width;
    const columns = this.#columns(tile.width, box.width);
    const right = Math.min(box.width, width - box.x);
    const bottom = Math.min(box.height, this.canvas.height - box.y);
    const period = Math.max(2, Math.round(FLAG_PERIOD * this.#ratio));
    for (let y = Math.max(0, -box.y); y < bottom; y++) {
      const source = Math.floor((y * tile.height) / box.height) * tile.width;
      for (let x = 0; x < right; x++) {
        const hatched = 2 * ((x + y) % period) < period;
        if (hatched && tile.levels[source + columns[x]!] === 0) {
          this.#pixels[(box.y + y) * width + box.x + x] = flag;
        }
      }
    }
  }

  #paintHatching(box: Rectangle, ground: number, line: number): void {
    const width = this.canvas.width;
    const right = Math.min(box.width, width - box.x);
    const bottom = Math.min(box.height, this.canvas.height - box.y);
    const period = Math.round(HATCH_PERIOD * this.#ratio);
    for (let y = Math.max(0, -box.y); y < bottom; y++) {
      const target = (box.y + y) * width + box.x;
      for (let x = 0; x < right; x++) {
        this.#pixels[target + x] = (x + y) % period < this.#ratio ? line : ground;
      }
    }
  }

  /** Column of the tile for each pixel of a box. */
  #columns(from: number, to: number): Int32Array {
    if (this.#columnOf.length < to) this.#columnOf = new Int32Array(to);
    for (let x = 0; x < to; x++) this.#columnOf[x] = Math.floor((x * from) / to);
    return this.#columnOf;
  }

  #drawMarks(scene: GridScene, place: number): void {
    const tile = scene.tileAt(place);
    if (!tile) return;
    const { grid, colors } = scene;
    const origin = tileOrigin(grid, place);
    const x = origin.x;
    const y = origin.y - scene.scrollTop;
    const context = this.#context;
    const chosen = tile.emphasis === "selected";
    context.lineWidth = 1;
    context.strokeStyle = colors.border;
    context.strokeRect(x - 0.5, y - 0.5, grid.tileWidth + 1, grid.tileHeight + 1);
    if (tile.unresponsive) this.#drawZeroBadge(scene, x, y);
    const { tileWidth: width, tileHeight: height } = grid;
    scene.decorate?.(context, tile.channel, { x, y, width, height });
    if (tile.emphasis !== "none") {
      context.lineWidth = chosen ? 3 : 1.5;
      context.strokeStyle = chosen ? colors.accent : colors.muted;
      const out = chosen ? 2.5 : 1.5;
      context.strokeRect(x - out, y - out, grid.tileWidth + 2 * out, grid.tileHeight + 2 * out);
    }
    if (grid.labelHeight > 0) this.#drawLabel(scene, tile, { x, y });
  }

  #drawZeroBadge(scene: GridScene, x: number, y: number): void {
    const { grid, colors } = scene;
    if (grid.tileWidth < 20 || grid.tileHeight < 16) return;
    const context = this.#context;
    const middleX = x + grid.tileWidth / 2;
    const middleY = y + grid.tileHeight / 2;
    context.fillStyle = colors.page;
    context.beginPath();
    context.arc(middleX, middleY, 8.5, 0, 2 * Math.PI);
    context.fill();
    context.font = `600 ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colors.text;
    context.fillText("0", middleX, middleY + 0.5);
  }

  #drawLabel(
    scene: GridScene,
    { label, note, brief = "", emphasis }: GridTile,
    { x, y }: { x: number; y: number },
  ): void {
    const { grid, colors } = scene;
    const context = this.#context;
    // Below the frame of the selected tile.
    const base = y + grid.tileHeight + 6;
    context.textBaseline = "top";
    context.textAlign = "left";
    const chosen = emphasis === "selected";
    context.font = chosen ? `600 ${FONT}` : FONT;
    context.fillStyle = chosen ? colors.accent : colors.text;
    context.fillText(label, x, base);
    context.font = FONT;
    const room = grid.tileWidth - context.measureText(label).width - 6;
    const text = [note, brief].find((one) => context.measureText(one).width <= room) ?? "";
    if (text === "") return;
    context.textAlign = "right";
    context.fillStyle = colors.muted;
    context.fillText(text, x + grid.tileWidth, base);
  }
}
