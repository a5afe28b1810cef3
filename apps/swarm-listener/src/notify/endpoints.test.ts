import { endpointsOf } from "./endpoints";
import { withParameters } from "./send";

const urls = (...list: string[]) => list.map((url) => new URL(url));

test("URLs of one host are one endpoint; the last method serves the rest", () => {
  const endpoints = endpointsOf(
    { urls: urls("http://a/c", "http://b:81/c", "http://b:81/c2"), methods: ["GET", "POST"] },
    { urls: urls("http://b:81/r", "http://c/r"), methods: ["DELETE"] },
  );
  const list = endpoints.map(({ host, create, remove }) => ({
    host,
    create: create.map(({ url, method }) => `${method} ${url.href}`),
    remove: remove.map(({ url, method }) => `${method} ${url.href}`),
  }));
  expect(list).toEqual([
    { host: "a", create: ["GET http://a/c"], remove: [] },
    {
      host: "b:81",
      create: ["POST http://b:81/c", "POST http://b:81/c2"],
      remove: ["DELETE http://b:81/r"],
    },
    { host: "c", create: [], remove: ["DELETE http://c/r"] },
  ]);
});

test("parameters come after the URL's own, in order", () => {
  const url = new URL("http://a/c?z=1");
  expect(withParameters(url, { b: "x y", a: "" }).href).toBe("http://a/c?z=1&a=&b=x+y");
  expect(url.href).toBe("http://a/c?z=1");
});
