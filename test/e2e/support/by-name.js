const { default: Sequencer } = require("@jest/test-sequencer");

/** Runs the files in the order of their names, whatever was slow or failed before. */
module.exports = class ByName extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => a.path.localeCompare(b.path));
  }
};
