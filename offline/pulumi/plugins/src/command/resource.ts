import type { Context, ResourceState } from "../protocol/provider";
import type { PropertyMap } from "../protocol/values";
import type { ResourceModel } from "../model/model";

/** A resource of the command plugin. Inputs and state carry their secret marks. */
export interface CommandResource {
  readonly model: ResourceModel;
  create(context: Context, inputs: PropertyMap): Promise<ResourceState>;
  update(context: Context, olds: PropertyMap, news: PropertyMap): Promise<PropertyMap>;
  delete(context: Context, state: PropertyMap): Promise<void>;
}
