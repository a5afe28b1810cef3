import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { repository, sh, temporaryFolder, writeCommand } from "./shell";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Runs a function of the scripts, with a home of its own. */
function call(text: string, env: Readonly<Record<string, string>> = {}, root = repository) {
  const sources = ["lib", "toolchain", "backend"]
    .map((name) => `. "${repository}/scripts/${name}.sh"`)
    .join("; ");
  return sh(`root="${root}"; ${sources}; ${text}`, { HOME: folder.path, ...env });
}

const testOffline = existsSync(join(repository, "offline")) ? test : test.skip;

describe("versions", () => {
  test.each(["pulumi", "docker", "command"])("@pulumi/%s is read from package.json", (name) => {
    const { dependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(call(`pinned ${name}`).stdout).toBe(`${dependencies[`@pulumi/${name}`]}\n`);
  });

  test("the CLI that is built has the version of the SDK", () => {
    const module = join(repository, "offline/pulumi/cli/go.mod");
    if (!existsSync(module)) return;
    const version = call("pinned pulumi").stdout.trim();
    expect(readFileSync(module, "utf8")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${version}`);
  });
});

describe("locks of a backend of files", () => {
  const stackLocks = ".pulumi/locks/organization/swarm/dev";

  const lock = (name: string, pid: number, host: string) => {
    const file = join(folder.path, stackLocks, `${name}.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ pid, username: "root", hostname: host, timestamp: "" }));
    writeFileSync(`${file}.attrs`, "{}");
  };
  const left = () => readdirSync(join(folder.path, stackLocks));
  /** No process has this number: it is above the largest there is. */
  const nobody = 4194305;

  test("one of a process that is gone is removed, and told", () => {
    lock("stale", nobody, hostname());
    const { stderr } = call("mend_backend", { PULUMI_BACKEND_URL: `file://${folder.path}` });
    expect(stderr).toContain(`process ${nobody} is gone`);
    expect(left()).toEqual([]);
  });

  test("one of another host is kept", () => {
    lock("other", nobody, "elsewhere.example");
    call("mend_backend", { PULUMI_BACKEND_URL: `file://${folder.path}` });
    expect(left()).toHaveLength(2);
  });

  test("one of a CLI that runs is kept; the same number for another program is not its", () => {
    lock("running", process.pid, hostname());
    const backend = { PULUMI_BACKEND_URL: `file://${folder.path}` };
    call('is_running_cli() { [ "$1" = ' + process.pid + " ]; }; mend_backend", backend);
    expect(left()).toHaveLength(2);
    call("mend_backend", backend);
    expect(left()).toEqual([]);
  });

  test("a CLI that was killed and is not reaped yet does not run", () => {
    // The parent has become a program that does not wait for children.
    const { stdout } = call(`
      cp "$(command -v sleep)" "$HOME/pulumi"
      sh -c '"$HOME/pulumi" 60 & echo $! >"$HOME/pid"; exec sleep 60' >/dev/null 2>&1 & parent=$!
      until [ -s "$HOME/pid" ] && pid=$(cat "$HOME/pid") && grep -q pulumi "/proc/$pid/comm"; do :; done
      if is_running_cli "$pid"; then echo runs; fi
      kill -KILL "$pid"
      until grep -q '^State:.*Z' "/proc/$pid/status"; do :; done
      if is_running_cli "$pid"; then echo still runs; fi
      cat "/proc/$pid/comm"
      kill "$parent"`);
    expect(stdout).toBe("runs\npulumi\n");
  });

  test("other backends are none of its business", () => {
    lock("stale", nobody, hostname());
    call("mend_backend", { PULUMI_BACKEND_URL: "s3://bucket" });
    expect(left()).toHaveLength(2);
  });
});

test("what a killed run had only begun to write of a file's attributes goes, so that the file can be read", () => {
  const stacks = join(folder.path, ".pulumi/stacks/swarm");
  mkdirSync(stacks, { recursive: true });
  for (const [name, content] of [
    ["dev.json", "{}"],
    ["dev.json.attrs", ""],
    ["prod.json", "{}"],
    ["prod.json.attrs", '{"md5":"x"}'],
  ] as const) {
    writeFileSync(join(stacks, name), content);
  }
  call("mend_backend", { PULUMI_BACKEND_URL: `file://${folder.path}` });
  expect(readdirSync(stacks)).toEqual(["dev.json", "prod.json", "prod.json.attrs"]);
});

describe("where stacks are kept", () => {
  const show =
    'use_backend; echo "${PULUMI_BACKEND_URL-none} ${PULUMI_CONFIG_PASSPHRASE_FILE-none}"';
  const data = () => join(folder.path, ".local/share/swarm-system");

  test("by default outside of the clone, with a passphrase that only this user can read", () => {
    const passphrase = join(data(), "passphrase");
    expect(call(show).stdout).toBe(`file://${data()}/state ${passphrase}\n`);
    expect(statSync(passphrase).mode & 0o777).toBe(0o600);
    const first = readFileSync(passphrase, "utf8");
    expect(first.length).toBeGreaterThanOrEqual(40);
    call(show);
    expect(readFileSync(passphrase, "utf8")).toBe(first);
  });

  test("where the user says", () => {
    const { stdout } = call(show, { PULUMI_BACKEND_URL: "s3://bucket" });
    expect(stdout).toBe("s3://bucket none\n");
    expect(existsSync(data())).toBe(false);
  });

  test("where the user is logged in", () => {
    mkdirSync(join(folder.path, ".pulumi"));
    writeFileSync(join(folder.path, ".pulumi/credentials.json"), '{"current": "file:///state"}');
    expect(call(show).stdout).toBe("none none\n");
  });

  test("a logout is no login", () => {
    mkdirSync(join(folder.path, ".pulumi"));
    writeFileSync(join(folder.path, ".pulumi/credentials.json"), '{"current": ""}');
    expect(call(show).stdout).toContain(`file://${data()}/state`);
  });

  testOffline("a login by way of the offline plugins is the user's, and outlives them", () => {
    const show = `cli_is_ours=yes; ensure_offline_plugins() { :; }; use_plugins
      test -d "$PULUMI_CREDENTIALS_PATH"; echo "$PULUMI_CREDENTIALS_PATH $PULUMI_HOME"`;
    const home = join(repository, "offline/dist/pulumi-home");
    expect(call(show).stdout).toBe(`${folder.path}/.pulumi ${home}\n`);
    const own = { PULUMI_CREDENTIALS_PATH: join(folder.path, "own") };
    expect(call(show, own).stdout).toBe(`${folder.path}/own ${home}\n`);
  });

  test.each([[""], ["mine"]])("the passphrase %p of the user stays", (passphrase) => {
    const { stdout } = call(show, { PULUMI_CONFIG_PASSPHRASE: passphrase });
    expect(stdout).toBe(`file://${data()}/state none\n`);
  });
});

describe("the environment", () => {
  test("another engine is not taken over", () => {
    const { stdout } = call('echo "${DOCKER_HOST-none} ${DOCKER_CONTEXT-none}"', {
      DOCKER_HOST: "tcp://192.0.2.1:1",
      DOCKER_CONTEXT: "x",
    });
    expect(stdout).toBe("none none\n");
  });

  test("loopback is reached without a proxy, besides what is reached so already", () => {
    expect(call('echo "$no_proxy $NO_PROXY"', { no_proxy: "a.example" }).stdout).toBe(
      "a.example,127.0.0.1,localhost a.example,127.0.0.1,localhost\n",
    );
    expect(call('echo "$no_proxy"').stdout).toBe("127.0.0.1,localhost\n");
  });
});

describe("npm packages", () => {
  /** A repository with a lock file, and an npm that notes what it is asked. */
  const repositoryWith = (lockText: string) => {
    writeFileSync(join(folder.path, "package-lock.json"), lockText);
    writeCommand(
      join(folder.path, "npm"),
      `echo "$@" >>"${folder.path}/asked"; mkdir -p "${folder.path}/node_modules"; echo {} >"${folder.path}/node_modules/.package-lock.json"`,
    );
  };
  const ensure = () =>
    call(`ensure_modules "${folder.path}"`, {
      PATH: `${folder.path}:${process.env["PATH"] ?? ""}`,
    });
  const asked = () =>
    existsSync(join(folder.path, "asked"))
      ? readFileSync(join(folder.path, "asked"), "utf8").trim().split("\n").length
      : 0;

  test("are installed once, and again when the lock file says something else", () => {
    repositoryWith("1");
    ensure();
    ensure();
    expect(asked()).toBe(1);
    repositoryWith("2");
    // As a checkout would leave it: newer than what is installed.
    sh(`touch -d '+1 minute' "${folder.path}/package-lock.json"`);
    ensure();
    expect(asked()).toBe(2);
  });

  test("an npm that fails is told with its first error", () => {
    repositoryWith("1");
    writeCommand(
      join(folder.path, "npm"),
      "echo working; echo 'npm error code E1'; echo end; exit 1",
    );
    const { status, stderr } = ensure();
    expect(status).toBe(1);
    expect(stderr).toContain("error: npm failed: npm error code E1 (all of it: ");
  });
});

describe("stand-ins", () => {
  test("OFFLINE=0 forbids them", () => {
    const { status, stderr } = call('refuse_offline_forbidden "it is missing"', { OFFLINE: "0" });
    expect(status).toBe(1);
    expect(stderr).toBe("error: it is missing, and OFFLINE=0 forbids to make a stand-in for it\n");
  });

  test("without offline/ what is missing is told", () => {
    const { status, stderr } = call('refuse_offline_forbidden "it is missing"', {}, folder.path);
    expect(status).toBe(1);
    expect(stderr).toBe("error: it is missing\n");
  });

  test("OFFLINE=1 asks no upstream host", () => {
    expect(
      call("upstream_answers", { OFFLINE: "1", PULUMI_RELEASES: "http://127.0.0.1:1" }).status,
    ).toBe(1);
  });

  test("the CLI of the user is preferred, but scripts/pulumi is none", () => {
    writeCommand(join(folder.path, "pulumi"), "true");
    const path = { PATH: `${folder.path}:${process.env["PATH"] ?? ""}` };
    expect(call("pulumi_on_path", path).stdout).toBe(`${folder.path}/pulumi\n`);
    const ours = { PATH: `${repository}/scripts:/usr/bin:/bin` };
    expect(call("pulumi_on_path || echo none", ours).stdout).toBe("none\n");
  });
});
