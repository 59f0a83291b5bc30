import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1s500ms", 1500],
    ["0s", 0],
  ])("%s is %i ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it("are written with their largest units", () => {
    expect([90 * 60_000, 24 * 3_600_000, 61_000].map(formatDuration)).toEqual(["1h30m", "1d", "1m1s"]);
  });

  it.each(["", "h", "30", "30m1h", "1h1h", "1.5h", "99999999999999d"])("%s is none", (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

describe("sizes", () => {
  it.each([
    ["1500B", 1500],
    ["64KiB", 65_536],
    ["10MiB", 10_485_760],
    ["1GB", 1_000_000_000],
    ["2kB", 2000],
    ["3TiB", 3_298_534_883_328],
    ["0B", 0],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(formatSize(bytes)).toBe(text);
  });

  it.each(["64K", "64KB", "1.5GB", "B", "9999999TB"])("%s is none", (text) => {
    expect(parseSize(text)).toBeNull();
  });
});
