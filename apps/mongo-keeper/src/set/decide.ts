import type { Stage } from "../record";
import { MemberState, stateName } from "./types";
import type { MemberConfig, MemberSighting, SetConfig, Sighting } from "./types";

/** How the set is, in one word. */
export type SetState =
  /** Not formed yet: not all members answer. */
  | "waiting"
  | "forming"
  /** It takes writes, and is on its way to the members that it should have. */
  | "changing"
  | "healthy"
  /** It takes writes, and a member that it should have is unwell. */
  | "degraded"
  | "no-primary"
  /** A set was formed once, and all members are empty. */
  | "lost"
  /** There is something that the keeper did not make, and does not touch. */
  | "foreign"
  | "locked"
  | "stand-in";

/** One step; after it everything is looked at anew. */
export type Action =
  | { readonly kind: "record"; readonly stage: Exclude<Stage, "none"> }
  | { readonly kind: "initiate"; readonly host: string; readonly config: SetConfig }
  | {
      readonly kind: "reconfigure";
      readonly host: string;
      readonly config: SetConfig;
      readonly why: string;
    }
  | { readonly kind: "step-down"; readonly host: string };

export interface Decision {
  readonly state: SetState;
  /** A sentence for a person. */
  readonly reason: string;
  readonly action?: Action;
  /** Where users can be looked after. */
  readonly writableHost?: string;
  /** All that the set consists of now is well, so that one member may be away for a while; or there is no set yet. */
  readonly calm?: boolean;
}

export interface Wanted {
  readonly setName: string;
  readonly members: readonly string[];
}

/**
 * What to do next about what was seen. Nothing here forces anything: what needs a person's word is
 * reported, with no action.
 * @param sightings of every wanted member and of all others that configurations name
 */
export function decide(wanted: Wanted, sightings: readonly Sighting[], stage: Stage): Decision {
  const of = (host: string): Sighting | undefined => sightings.find((s) => s.host === host);
  const own = wanted.members.map(
    (host): Sighting => of(host) ?? { host, kind: "silent", reason: "was not asked" },
  );
  const standIn = own.find((s) => s.kind === "stand-in");
  if (standIn) return decideStandIn(wanted, standIn);

  const members = sightings.filter((s): s is MemberSighting => s.kind === "member");
  if (members.length === 0) return decideUnformed(wanted, own, stage);

  const stranger = members.find(({ config }) => config._id !== wanted.setName);
  if (stranger) {
    return {
      state: "foreign",
      reason: `${stranger.host} belongs to the set ${stranger.config._id}, not to ${wanted.setName}`,
    };
  }
  const [first, ...others] = members;
  const other = others.find((m) => setId(m) !== setId(first as MemberSighting));
  if (other) {
    return {
      state: "foreign",
      reason: `${first?.host} and ${other.host} belong to two sets: one of them must be emptied by hand`,
    };
  }
  // Whoever made it: a set that exists was formed.
  if (stage === "none") {
    return {
      state: "changing",
      reason: "there is a set and no record of it",
      action: { kind: "record", stage: "formed" },
    };
  }
  // An old primary that has not heard of its successor claims to be one too: its configuration is older.
  const primary = members
    .filter((m) => m.writable)
    .sort(byAge)
    .at(-1);
  if (!primary) return noPrimary(own);
  return decideFormed(wanted, own, primary, stage);
}

const setId = (member: MemberSighting): string => String(member.config.settings?.replicaSetId);

const byAge = (a: MemberSighting, b: MemberSighting): number =>
  (a.config.term ?? 0) - (b.config.term ?? 0) || a.config.version - b.config.version;

function decideStandIn(wanted: Wanted, seen: Sighting & { kind: "stand-in" }): Decision {
  if (wanted.members.length > 1) {
    return {
      state: "foreign",
      reason: `${seen.host} is ${seen.version}, which does not replicate: it can only be a single member`,
    };
  }
  return {
    state: "stand-in",
    reason: `${seen.host} is ${seen.version}, which knows no replica sets: there is nothing to keep`,
    writableHost: seen.host,
    calm: true,
  };
}

function decideUnformed(wanted: Wanted, own: readonly Sighting[], stage: Stage): Decision {
  const locked = own.find((s) => s.kind === "locked");
  if (locked) {
    return { state: "locked", reason: `${locked.host} does not accept the key: ${locked.reason}` };
  }
  const silent = own.filter((s) => s.kind === "silent");
  if (silent.length > 0) {
    const names = silent.map(({ host, reason }) => `${host} (${reason})`).join(", ");
    if (stage === "formed") return { state: "no-primary", reason: `no answer from ${names}` };
    const why = `the set is formed when all members answer; none from ${names}`;
    return { state: "waiting", reason: why, calm: stage === "none" };
  }
  if (stage === "formed") {
    return {
      state: "lost",
      reason:
        "a set was formed once, and now every member is empty: bring the volumes back, or, if the data may go, " +
        "remove the keeper's record (docs/store.md)",
    };
  }
  const full = own.find((s) => s.kind === "new" && !s.empty);
  if (full) {
    return {
      state: "foreign",
      reason: `${full.host} has data and no set: empty its volume, or form the set by hand`,
    };
  }
  return {
    state: "forming",
    reason: "all members answer and are empty, and no set was ever formed",
    action:
      stage === "none"
        ? { kind: "record", stage: "forming" }
        : {
            kind: "initiate",
            host: wanted.members[0] as string,
            config: {
              _id: wanted.setName,
              version: 1,
              members: wanted.members.map((host, _id) => ({ _id, host })),
            },
          },
  };
}

function noPrimary(own: readonly Sighting[]): Decision {
  const seen = own.map((s) =>
    s.kind === "member" ? `${s.host} ${stateName(s.state)}` : `${s.host} ${s.kind}`,
  );
  return {
    state: "no-primary",
    reason: `no member is primary (${seen.join(", ")}): a majority has to be back, and elects one by itself`,
  };
}

function decideFormed(
  wanted: Wanted,
  own: readonly Sighting[],
  primary: MemberSighting,
  stage: "forming" | "formed",
): Decision {
  const { config } = primary;
  const stateOf = (host: string): number | undefined => primary.states[host];
  const isWell = ({ host }: MemberConfig): boolean =>
    stateOf(host) === MemberState.PRIMARY || stateOf(host) === MemberState.SECONDARY;
  const has = (host: string): boolean => config.members.some((m) => m.host === host);
  const reconfigure = (why: string, members: readonly MemberConfig[]): Decision => ({
    state: stage === "forming" ? "forming" : "changing",
    reason: why,
    action: {
      kind: "reconfigure",
      host: primary.host,
      why,
      config: { ...config, version: config.version + 1, members },
    },
    writableHost: primary.host,
  });
  const calm = stage === "formed" && config.members.every((m) => isWell(m) && votesOf(m) > 0);
  const replaced = (old: MemberConfig, changes: Partial<MemberConfig>): MemberConfig[] =>
    config.members.map((m) => (m === old ? { ...m, ...changes } : m));

  // A member that goes by another name: `rs.initiate()` without arguments records 127.0.0.1, for one.
  for (const seen of own) {
    if (seen.kind !== "member" || seen.me === undefined || seen.me === seen.host) continue;
    const old = config.members.find((m) => m.host === seen.me);
    if (old && !has(seen.host) && !wanted.members.includes(old.host)) {
      return reconfigure(`${old.host} is really ${seen.host}`, replaced(old, { host: seen.host }));
    }
  }

  const inSet = config.members.filter((m) => wanted.members.includes(m.host));

  // Who lost everything could, by its vote, make one primary that lacks acknowledged writes. MongoDB itself withholds the
  // vote of a member that is newly added until it has caught up; so does this, of one that comes back empty.
  if (stage === "formed") {
    const amnesiac = inSet.find((m) => {
      const seen = own.find((s) => s.host === m.host);
      return (
        votesOf(m) > 0 &&
        m.host !== primary.me &&
        (seen?.kind === "new" || (seen?.kind === "member" && seen.syncing))
      );
    });
    if (amnesiac) {
      return reconfigure(
        `${amnesiac.host} has lost its data: it has no vote until it has it again`,
        replaced(amnesiac, { votes: 0, priority: 0 }),
      );
    }
  }
  const caughtUp = inSet.find((m) => votesOf(m) === 0 && isWell(m));
  if (caughtUp) {
    return reconfigure(
      `${caughtUp.host} has caught up: it gets its vote`,
      replaced(caughtUp, { votes: 1, priority: 1 }),
    );
  }

  const unwell = inSet.filter((m) => !isWell(m));
  if (unwell.length > 0) {
    const names = unwell.map((m) => `${m.host} is ${stateName(stateOf(m.host))}`).join(", ");
    return {
      state: stage === "forming" ? "forming" : "degraded",
      reason: names,
      writableHost: primary.host,
    };
  }

  // One at a time, and each without a vote until it has the data.
  for (const seen of own) {
    if (has(seen.host)) continue;
    if (seen.kind === "new" && !seen.empty) {
      return {
        state: "foreign",
        reason: `${seen.host} has data of its own: empty its volume first`,
      };
    }
    if (seen.kind !== "new" && seen.kind !== "member") {
      const detail = seen.kind === "stand-in" ? seen.version : seen.reason;
      return {
        state: "degraded",
        reason: `${seen.host} is to join, and is ${seen.kind} (${detail})`,
        writableHost: primary.host,
        calm,
      };
    }
    const _id = Math.max(...config.members.map((m) => m._id)) + 1;
    return reconfigure(`${seen.host} joins`, [
      ...config.members,
      { _id, host: seen.host, votes: 0, priority: 0 },
    ]);
  }

  const surplus = config.members.filter((m) => !wanted.members.includes(m.host));
  const leaving = surplus.find((m) => m.host !== primary.me);
  if (leaving) {
    return reconfigure(
      `${leaving.host} leaves`,
      config.members.filter((m) => m !== leaving),
    );
  }
  if (surplus.length > 0) {
    return {
      state: "changing",
      reason: `${primary.host} is to leave, and hands over first`,
      action: { kind: "step-down", host: primary.host },
    };
  }

  if (stage === "forming") {
    return {
      state: "forming",
      reason: "all members have the data",
      action: { kind: "record", stage: "formed" },
      writableHost: primary.host,
    };
  }
  return {
    state: "healthy",
    reason: `${primary.host} is primary of ${config.members.length}`,
    writableHost: primary.host,
    calm,
  };
}

const votesOf = ({ votes = 1 }: MemberConfig): number => votes;
