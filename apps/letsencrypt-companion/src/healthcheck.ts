import { send } from "./request";
import { reason } from "./log";

/**
 * For Docker's HEALTHCHECK: exits with 0 if the companion in this container answers. It says nothing of the
 * certificates: a CA that is down is no reason to kill the companion; `status` and the metrics tell of that.
 */
const path = "/v1/letsencrypt-companion/ping";

send({ host: "127.0.0.1", port: Number(process.env["PORT"] || 8080), path }).then(
  ({ status }) => {
    process.exitCode = status === 200 ? 0 : 1;
    if (status !== 200) console.error(`${path} answered ${status}`);
  },
  (error: unknown) => {
    console.error(reason(error));
    process.exitCode = 1;
  },
);
