import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { CheckResult, DiffResult } from "./provider";
import { PartialFailure } from "./provider";
import { toStruct } from "./wire";

/** {@link CheckResult} → its protobuf message. */
export function checkResponse(result: CheckResult): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(toStruct(result.inputs));
  response.setFailuresList(
    result.failures.map(({ property, reason }) => {
      const failure = new pb.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

/** {@link DiffResult} → its protobuf message. */
export function diffResponse(result: DiffResult): pb.DiffResponse {
  const response = new pb.DiffResponse();
  response.setChanges(
    result.changes ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setReplacesList([...result.replaces]);
  response.setDiffsList([...result.diffs]);
  response.setStablesList([...result.stables]);
  response.setDeletebeforereplace(result.deleteBeforeReplace);
  response.setHasdetaileddiff(result.hasDetailed);
  for (const [path, kind] of Object.entries(result.detailed)) {
    const property = new pb.PropertyDiff();
    property.setKind(pb.PropertyDiff.Kind[kind]);
    property.setInputdiff(result.inputDiff);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}

/** An error as gRPC carries it; a {@link PartialFailure} keeps its state in the status details. */
export function serviceError(error: unknown): Partial<grpc.ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PartialFailure)) return { code: grpc.status.UNKNOWN, details: message };

  const detail = new pb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.properties));
  detail.setInputs(toStruct(error.inputs));
  detail.setReasonsList([message]);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
