import { backoffMs } from "./backoff";

test("doubles with each failure, up to twelve hours", () => {
  const minutes = Array.from({ length: 12 }, (_, n) => backoffMs(n, 120_000) / 60_000);
  expect(minutes).toEqual([0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]);
  expect(backoffMs(1e6, 120_000)).toBe(12 * 3_600_000);
});
