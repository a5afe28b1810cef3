import type { SwarmService } from "../engine/types";
import { registrationsOf } from "./registrations";

const options = { notifyLabel: "com.df.notify", namePrefix: "" };
const short = (stack: string, CreatedAt: string): SwarmService => ({
  ID: stack,
  CreatedAt,
  Spec: {
    Name: `${stack}_web`,
    Labels: {
      "com.df.notify": "true",
      "com.df.shortName": "true",
      "com.docker.stack.namespace": stack,
    },
  },
});

test.each([
  ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.51Z"],
  ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"],
  ["2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:01Z"],
])("of one name, the service of %s keeps it against that of %s", (older, newer) => {
  const [shop, blog] = [short("shop", older), short("blog", newer)];
  for (const services of [
    [shop, blog],
    [blog, shop],
  ]) {
    const { byName, shadowed } = registrationsOf(services, options);
    expect([...byName.keys()]).toEqual(["web"]);
    expect(byName.get("web")?.create).toMatchObject({ createdAt: older });
    expect(shadowed).toEqual([blog]);
  }
});
