/** What the keeper knows of a replica set, in MongoDB's own words. */

/** mongodb.com/docs/manual/reference/replica-configuration; fields left out here are kept as they are. */
export interface MemberConfig {
  readonly _id: number;
  readonly host: string;
  readonly votes?: number;
  readonly priority?: number;
}

export interface SetConfig {
  readonly _id: string;
  readonly version: number;
  readonly term?: number;
  readonly members: readonly MemberConfig[];
  readonly settings?: { readonly replicaSetId?: { toString(): string } };
}

/** mongodb.com/docs/manual/reference/replica-states */
export const MemberState = {
  STARTUP: 0,
  PRIMARY: 1,
  SECONDARY: 2,
  RECOVERING: 3,
  STARTUP2: 5,
  UNKNOWN: 6,
  ARBITER: 7,
  DOWN: 8,
  ROLLBACK: 9,
  REMOVED: 10,
} as const;

export const stateName = (state: number | undefined): string =>
  Object.entries(MemberState).find(([, value]) => value === state)?.[0] ?? "UNKNOWN";

/** What a member said of itself when it was asked. */
export type Sighting =
  /** It does not answer, or not in time. */
  | { readonly host: string; readonly kind: "silent"; readonly reason: string }
  /** It answers, and does not accept the key. */
  | { readonly host: string; readonly kind: "locked"; readonly reason: string }
  /** It speaks the protocol and knows no replica sets. */
  | { readonly host: string; readonly kind: "stand-in"; readonly version: string }
  /** A mongod without a replica set configuration. */
  | { readonly host: string; readonly kind: "new"; readonly empty: boolean }
  | MemberSighting;

/** A mongod that has a replica set configuration. */
export interface MemberSighting {
  readonly host: string;
  readonly kind: "member";
  /** Its own name in the configuration; undefined when the configuration does not have it. */
  readonly me: string | undefined;
  /** It is the primary, and takes writes. */
  readonly writable: boolean;
  readonly config: SetConfig;
  readonly state: number;
  /** It copies everything from another member, because it had nothing. */
  readonly syncing: boolean;
  /** How it sees the members: state by host. */
  readonly states: Readonly<Record<string, number>>;
}
