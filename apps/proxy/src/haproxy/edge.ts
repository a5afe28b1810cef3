import type { RenderOptions } from "./options";

/** `accept-proxy` on the bind line would let anyone claim any address; this asks it of the edge alone. */
export function renderEdge({ edgeAddresses }: RenderOptions): string[] {
  if (edgeAddresses.length === 0) return [];
  return [
    ...edgeAddresses.map((address) => `    acl from_edge src ${address}`),
    "    tcp-request connection expect-proxy layer4 if from_edge",
  ];
}
