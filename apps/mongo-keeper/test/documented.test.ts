import { documented, objectionTo } from "./double/documented";
import { app1, app1Later, Scene } from "./harness";

test("all that the keeper ever sends is documented, and it sends all that is documented here", async () => {
  const scene = await Scene.of(3);
  await scene.until(scene.keeper());
  await scene.until(scene.keeper({ users: [{ ...app1, password: "another" }, app1Later] }));
  await scene.until(scene.keeper({ users: [app1Later], members: scene.hosts.slice(1) }));
  expect([...scene.world.asked].sort()).toEqual(Object.keys(documented).sort());
  expect(scene.world.objections).toEqual([]);
  await scene.close();
});

const config = { _id: "rs0", version: 1, members: [{ _id: 0, host: "a:1" }] };

test.each<[string, object, string]>([
  ["no such command", { replSetForce: 1, $db: "admin" }, "no such command: 'replSetForce'"],
  ["another database", { replSetGetStatus: 1, $db: "app1" }, "only be run against the admin"],
  [
    "a field that it has not",
    { replSetGetStatus: 1, initialSync: 1, $db: "admin" },
    "'replSetGetStatus.initialSync' is unknown",
  ],
  [
    "a field of another type",
    { replSetReconfig: config, maxTimeMS: "1", $db: "admin" },
    "'replSetReconfig.maxTimeMS' is string, not number",
  ],
  [
    "a user without roles",
    { createUser: "a", pwd: "b", $db: "app1" },
    "'createUser.roles' is miss",
  ],
  [
    "a member's field that there is not",
    {
      replSetInitiate: { ...config, members: [{ _id: 0, host: "a:1", vote: 1 }] },
      $db: "admin",
    },
    "'replSetInitiate.members.vote' is unknown",
  ],
])("refuses %s", (_, command, message) => {
  const [name = ""] = Object.keys(command);
  expect(objectionTo(name, command)?.[2]).toContain(message);
});
