/** What the listener reads of the engine's API (docs.docker.com/reference/api/engine). */

export type Labels = Readonly<Record<string, string>>;

/** An entry of `GET /services`. */
export interface SwarmService {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Labels | null;
    readonly Mode?: {
      readonly Replicated?: { readonly Replicas?: number };
      readonly Global?: object;
    };
  };
}

/** An entry of `GET /nodes`. */
export interface SwarmNode {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Labels?: Labels | null;
    readonly Role: string;
    readonly Availability: string;
  };
  readonly Description: {
    readonly Hostname: string;
    readonly Engine?: { readonly Labels?: Labels | null };
  };
  readonly Status: { readonly State: string; readonly Addr?: string };
}

/** An entry of `GET /tasks`. */
export interface SwarmTask {
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly Status: { readonly State: string };
  readonly NetworksAttachments?:
    | readonly {
        readonly Network: { readonly Spec: { readonly Name: string } };
        /** With the length of the network's prefix: `10.0.0.3/24`. */
        readonly Addresses?: readonly string[] | null;
      }[]
    | null;
}

/** `GET /version`. */
export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
}
