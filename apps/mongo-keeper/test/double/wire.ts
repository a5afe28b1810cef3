/** MongoDB's wire protocol, the server's side: OP_MSG, and OP_QUERY for the driver's first hello. */
import { createServer, type Server, type Socket } from "node:net";
import { BSON, type Document } from "mongodb";

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

/** An answer of `undefined` is none: the connection is cut. */
export type Answerer = (
  command: Document,
  connection: object,
) => Promise<Document | undefined> | Document | undefined;

export class WireServer {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  constructor(private readonly answer: Answerer) {}

  /** Listens on loopback, on a free port when it is 0. */
  async listen(port: number): Promise<number> {
    const server = createServer((socket) => this.serve(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    this.server = server;
    return (server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    const connection = {};
    let pending = Buffer.alloc(0);
    let queue = Promise.resolve();
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(message.length);
        queue = queue.then(() => this.handle(socket, message, connection));
      }
    });
  }

  private async handle(socket: Socket, message: Buffer, connection: object): Promise<void> {
    const requestId = message.readInt32LE(4);
    const opcode = message.readInt32LE(12);
    const command = opcode === OP_MSG ? readMsg(message) : readQuery(message, opcode);
    const answer = await this.answer(command, connection);
    if (socket.destroyed) return;
    if (answer === undefined) return void socket.destroy();
    const body = Buffer.from(BSON.serialize(answer));
    socket.write(opcode === OP_MSG ? msg(requestId, body) : reply(requestId, body));
  }
}

function readMsg(message: Buffer): Document {
  if (message.readUInt8(20) !== 0) throw new Error("the first section has to be the body");
  const size = message.readInt32LE(21);
  return BSON.deserialize(message.subarray(21, 21 + size));
}

function readQuery(message: Buffer, opcode: number): Document {
  if (opcode !== OP_QUERY) throw new Error(`opcode ${opcode} is not known here`);
  const nameEnd = message.indexOf(0, 20);
  const start = nameEnd + 1 + 8;
  const document = message.subarray(start, start + message.readInt32LE(start));
  return {
    ...BSON.deserialize(document),
    $db: message.toString("utf8", 20, nameEnd).split(".")[0],
  };
}

function header(size: number, responseTo: number, opcode: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(size, 0);
  bytes.writeInt32LE(1, 4);
  bytes.writeInt32LE(responseTo, 8);
  bytes.writeInt32LE(opcode, 12);
  return bytes;
}

const msg = (responseTo: number, body: Buffer): Buffer =>
  Buffer.concat([header(16 + 5 + body.length, responseTo, OP_MSG), Buffer.alloc(5), body]);

function reply(responseTo: number, body: Buffer): Buffer {
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(8, 0); // AwaitCapable
  fields.writeInt32LE(1, 16); // one document
  return Buffer.concat([header(36 + body.length, responseTo, OP_REPLY), fields, body]);
}
