import { autoname, checkInputs } from "../model/check";
import { diffInputs } from "../model/diff";
import type { ResourceModel } from "../model/model";
import { stateTable } from "../model/model";
import { planState } from "../model/plan";
import { projectInputs } from "../model/project";
import { markSecrets, settleApplied, settleRead } from "../model/settle";
import { PartialFailure } from "../protocol/provider";
import type { PropertyMap } from "../protocol/values";
import { UNKNOWN, revealMap } from "../protocol/values";
import { DEFAULTS_KEY } from "../model/check";
import { ConvergenceFailure } from "./service/converge";
import type { EngineResource, Live, Plain, ResourceHandler } from "./resource";

/** Makes a handler of the plugin protocol from a resource's model and its four calls to the engine. */
export function modelled<Args>(resource: EngineResource<Args>): ResourceHandler {
  const model: ResourceModel = resource.model;
  const plain = (inputs: PropertyMap) => withoutDefaults(revealMap(inputs)) as Plain<Args>;

  const preview = (inputs: PropertyMap, prior: PropertyMap | undefined): PropertyMap => ({
    ...markSecrets(stateTable(model), planState(model, inputs, prior)),
    id: prior?.id ?? UNKNOWN,
    ...(model.previewMeta === undefined ? {} : { __meta: model.previewMeta }),
  });

  const applied = (
    inputs: PropertyMap,
    prior: PropertyMap | undefined,
    live: Live,
  ): PropertyMap => ({
    ...settleApplied(model, planState(model, inputs, prior), live.properties),
    id: live.id,
  });

  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- other handlers read files here
    async check(context, olds, news, seed, autonaming) {
      const checked = checkInputs(model, news, { noteDefaults: true });
      return model.autonamed ? autoname(checked, context, olds, seed, autonaming) : checked;
    },

    // The old inputs as the state has them: an update that failed may have changed one without the other.
    diff: (oldInputs, olds, news, ignoreChanges) =>
      diffInputs(model, projectInputs(model, oldInputs, olds, olds), news, ignoreChanges),

    previewCreate: (inputs) => preview(inputs, undefined),
    previewUpdate: (olds, news) => preview(news, olds),

    async create(operation, inputs) {
      const live = await failHalfway(inputs, undefined, () =>
        resource.create(operation, plain(inputs)),
      );
      return { id: live.id, properties: applied(inputs, undefined, live) };
    },

    async read(operation, id, inputs, prior) {
      const live = await resource.read(operation, id, prior);
      if (!live) return undefined;
      const state = { ...settleRead(model, prior, live.properties), id: live.id };
      const imported = Object.keys(inputs).length === 0;
      return {
        id: live.id,
        properties: state,
        inputs: projectInputs(model, inputs, imported ? {} : prior, state),
      };
    },

    async update(operation, id, oldInputs, olds, news) {
      if (!resource.update) throw new Error(`a ${model.title} cannot be updated in place`);
      const live = await failHalfway(news, olds, () =>
        (resource.update as NonNullable<typeof resource.update>)(
          operation,
          id,
          plain(news),
          plain(oldInputs),
        ),
      );
      return applied(news, olds, live);
    },

    delete: (operation, id, state) => resource.delete(operation, id, revealMap(state)),
  };

  /** A failure that left something behind is told with its state, so that the next update goes on from there. */
  async function failHalfway(
    inputs: PropertyMap,
    prior: PropertyMap | undefined,
    run: () => Promise<Live>,
  ): Promise<Live> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ConvergenceFailure) || !error.live) throw error;
      const { live } = error;
      throw new PartialFailure(live.id, applied(inputs, prior, live), inputs, error.message);
    }
  }
}

function withoutDefaults(inputs: PropertyMap): PropertyMap {
  const strip = (value: PropertyMap[string]): PropertyMap[string] => {
    if (Array.isArray(value)) return value.map((item) => strip(item) ?? null);
    return typeof value === "object" && value !== null ? withoutDefaults(value) : value;
  };
  const kept: PropertyMap = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (key !== DEFAULTS_KEY && value !== null) kept[key] = strip(value);
  }
  return kept;
}
