/** A server that is a machine, in words. */
import { type Change, type State, textAt } from "./plan";
import { differences, type Facet, inventory } from "./words";

/** What looks after a server (`infra/machines/ssh-machine.ts`). */
export const isHost = ({ type, within }: Change): boolean =>
  type === "command:local:Command" && within.at(-1) === "swarm:machines:SshMachine";

/** Its name in the swarm. */
export const hostName = ({ before, after }: Change): string => environment(after ?? before, "NAME");

/** What the server is, or how that differs. */
export function describeHost({ verb, before, after }: Change): string[] {
  if (verb === "delete") {
    const lost =
      environment(before, "STORE") !== "" && environment(before, "KEEP_DATA") === "false";
    return [
      "its tasks run elsewhere first, then it leaves the swarm",
      ...(lost ? ["**the store's data on it is lost**"] : []),
    ];
  }
  if (!before || !after || verb === "create") return inventory(BASICS, (after ?? before) as State);
  const anew = environment(before, "GENERATION") !== environment(after, "GENERATION");
  return [
    ...(anew ? ["it does not answer, has no engine that runs, or is in no swarm"] : []),
    ...differences(FACETS, before, after),
  ];
}

const environment = (state: State | undefined, name: string): string =>
  textAt(state, `environment.${name}`);

const whole = (read: (state: State) => string) => (state: State) => ({ "": read(state) });

/** Of `bash ssh.sh STACK NAME USER@ADDRESS:PORT TYPE,KEY`. */
const word = (index: number) =>
  whole((state) => environment(state, "SHELL_PREFIX").split(" ")[index] ?? "");

const BASICS: readonly Facet<State>[] = [
  { title: "address", open: true, read: word(4) },
  {
    title: "Docker of",
    open: true,
    read: whole((state) => environment(state, "DOCKER_REPOSITORY") || "the distribution"),
  },
];

const FACETS: readonly Facet<State>[] = [
  ...BASICS,
  { title: "host key", read: word(5) },
  {
    title: "Docker's version",
    open: true,
    read: whole((state) => environment(state, "DOCKER_VERSION")),
  },
  { title: "the engine's settings", read: whole((state) => environment(state, "DAEMON")) },
  { title: "the firewall", read: whole((state) => environment(state, "FIREWALL")) },
  { title: "registry", open: true, read: whole((state) => environment(state, "REGISTRY")) },
  { title: "the registry's authority", read: whole((state) => environment(state, "AUTHORITY")) },
];
