/** A difference between the real plugins' answers and ours that is meant to be. */
export interface KnownDifference {
  /** @param where plugin, method and type of the call; @param difference as `differences` shows it */
  readonly matches: (where: string, difference: string) => boolean;
  readonly reason: string;
}

const known = (where: RegExp, difference: RegExp, reason: string): KnownDifference => ({
  matches: (call, text) => where.test(call) && difference.test(text),
  reason,
});

/** Every difference there is, with its reason. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  known(
    /^docker GetPluginInfo$/,
    /^response\.version: "5\.1\.0" → "5\.2\.0"$/,
    "the SDK is 5.2.0, and a plugin that says less than its SDK makes the CLI warn",
  ),
  known(
    /^docker Diff /,
    /^response\.detailedDiff\..+\.inputDiff: absent → true$/,
    "inputs are compared with inputs here, and so the paths are theirs",
  ),
  known(
    /^docker Diff .*:Service$/,
    /^response\.detailedDiff\.taskSpec\.containerSpec\.(env|sysctl): \{\} → absent$/,
    "nothing and an empty map are the same to a service: the real plugin's change is spurious",
  ),
  known(
    /^docker Diff .*:Service$/,
    /^response\.(changes: "DIFF_SOME" → "DIFF_NONE"|detailedDiff: .*image":\{"kind":"UPDATE"\}.* → absent|diffs: \["taskSpec"\] → absent)$/,
    "a tag and that tag pinned to its digest are the same image: the real plugin's change is spurious",
  ),
  known(
    /^docker (Update|Read) .*:Service$/,
    /^response\.properties\.taskSpec\.containerSpec\.image: "([^"@]+)" → "\1@sha256:<digest>"$/,
    "an update that leaves the image alone leaves its digest alone too",
  ),
  known(
    /^docker (Update|Read) .*:Service$/,
    /^response\.properties\.taskSpec\.restartPolicy\.(delay|window): "0s" → ""$/,
    "an update leaves the engine its defaults, where the real plugin sets a restart delay of zero unasked",
  ),
  known(
    /^docker Read .*:ServiceConfig$/,
    /^(response: \{\} → absent|error: absent → .*does not have a leader)/,
    "a swarm without a leader cannot say that something is gone, and the real plugin's state loses it",
  ),
  known(
    /^docker Configure /,
    /^error: "(docker native provider .* docker daemon)" → "\1 \(tcp:.*ECONNREFUSED/,
    "the error also says which host, and why",
  ),
];
