import { ask } from "./ask";

/** For Docker's HEALTHCHECK: exits with 0 if the keeper works. What it prints, the state of logging, is in the container's health. */
ask("/health/live").then(
  ({ code, body }) => {
    process.stdout.write(body);
    process.exitCode = code === 200 ? 0 : 1;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
