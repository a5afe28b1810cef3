/** The part of winston-logstash that we use; its own declarations cannot be imported by path. */
declare module "winston-logstash/lib/connection" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export enum ConnectionEvents {
    Connected = "connection:connected",
    ClosedByServer = "connection:closed:by-server",
    Error = "connection:error",
    Drain = "connection:drain",
  }

  export class PlainConnection extends EventEmitter {
    constructor(options: { readonly host: string; readonly port: number });
    protected socket: Socket | undefined;
    connect(): void;
    /** Closes at once; what the socket has not written yet is lost. */
    close(): void;
    /** @returns false when the socket wants no more before `Drain` */
    send(message: string | Uint8Array, written: (error?: Error | null) => void): boolean;
  }
}
