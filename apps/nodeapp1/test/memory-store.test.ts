import { MemoryEntryStore } from "./memory-store";
import { storeContract } from "./store-contract";

describe("the store that stands in for the database here keeps the same contract", () => {
  storeContract(() => Promise.resolve(new MemoryEntryStore()));
});
