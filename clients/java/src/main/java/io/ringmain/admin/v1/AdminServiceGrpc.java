package io.ringmain.admin.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Operates the gateway. It is served on a port of its own, and where callers
 * need keys, it takes only those with the scope ADMIN. A provider or key that
 * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AdminServiceGrpc {

  private AdminServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "ringmain.admin.v1.AdminService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListProvidersRequest,
      io.ringmain.admin.v1.ListProvidersResponse> getListProvidersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListProviders",
      requestType = io.ringmain.admin.v1.ListProvidersRequest.class,
      responseType = io.ringmain.admin.v1.ListProvidersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListProvidersRequest,
      io.ringmain.admin.v1.ListProvidersResponse> getListProvidersMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListProvidersRequest, io.ringmain.admin.v1.ListProvidersResponse> getListProvidersMethod;
    if ((getListProvidersMethod = AdminServiceGrpc.getListProvidersMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListProvidersMethod = AdminServiceGrpc.getListProvidersMethod) == null) {
          AdminServiceGrpc.getListProvidersMethod = getListProvidersMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.ListProvidersRequest, io.ringmain.admin.v1.ListProvidersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListProviders"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ListProvidersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ListProvidersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListProviders"))
              .build();
        }
      }
    }
    return getListProvidersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.DrainProviderRequest,
      io.ringmain.admin.v1.DrainProviderResponse> getDrainProviderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DrainProvider",
      requestType = io.ringmain.admin.v1.DrainProviderRequest.class,
      responseType = io.ringmain.admin.v1.DrainProviderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.DrainProviderRequest,
      io.ringmain.admin.v1.DrainProviderResponse> getDrainProviderMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.DrainProviderRequest, io.ringmain.admin.v1.DrainProviderResponse> getDrainProviderMethod;
    if ((getDrainProviderMethod = AdminServiceGrpc.getDrainProviderMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getDrainProviderMethod = AdminServiceGrpc.getDrainProviderMethod) == null) {
          AdminServiceGrpc.getDrainProviderMethod = getDrainProviderMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.DrainProviderRequest, io.ringmain.admin.v1.DrainProviderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DrainProvider"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.DrainProviderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.DrainProviderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("DrainProvider"))
              .build();
        }
      }
    }
    return getDrainProviderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.RestoreProviderRequest,
      io.ringmain.admin.v1.RestoreProviderResponse> getRestoreProviderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RestoreProvider",
      requestType = io.ringmain.admin.v1.RestoreProviderRequest.class,
      responseType = io.ringmain.admin.v1.RestoreProviderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.RestoreProviderRequest,
      io.ringmain.admin.v1.RestoreProviderResponse> getRestoreProviderMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.RestoreProviderRequest, io.ringmain.admin.v1.RestoreProviderResponse> getRestoreProviderMethod;
    if ((getRestoreProviderMethod = AdminServiceGrpc.getRestoreProviderMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getRestoreProviderMethod = AdminServiceGrpc.getRestoreProviderMethod) == null) {
          AdminServiceGrpc.getRestoreProviderMethod = getRestoreProviderMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.RestoreProviderRequest, io.ringmain.admin.v1.RestoreProviderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RestoreProvider"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RestoreProviderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RestoreProviderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("RestoreProvider"))
              .build();
        }
      }
    }
    return getRestoreProviderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.SetPrimaryProviderRequest,
      io.ringmain.admin.v1.SetPrimaryProviderResponse> getSetPrimaryProviderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetPrimaryProvider",
      requestType = io.ringmain.admin.v1.SetPrimaryProviderRequest.class,
      responseType = io.ringmain.admin.v1.SetPrimaryProviderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.SetPrimaryProviderRequest,
      io.ringmain.admin.v1.SetPrimaryProviderResponse> getSetPrimaryProviderMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.SetPrimaryProviderRequest, io.ringmain.admin.v1.SetPrimaryProviderResponse> getSetPrimaryProviderMethod;
    if ((getSetPrimaryProviderMethod = AdminServiceGrpc.getSetPrimaryProviderMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getSetPrimaryProviderMethod = AdminServiceGrpc.getSetPrimaryProviderMethod) == null) {
          AdminServiceGrpc.getSetPrimaryProviderMethod = getSetPrimaryProviderMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.SetPrimaryProviderRequest, io.ringmain.admin.v1.SetPrimaryProviderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetPrimaryProvider"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.SetPrimaryProviderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.SetPrimaryProviderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("SetPrimaryProvider"))
              .build();
        }
      }
    }
    return getSetPrimaryProviderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.CheckProviderRequest,
      io.ringmain.admin.v1.CheckProviderResponse> getCheckProviderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CheckProvider",
      requestType = io.ringmain.admin.v1.CheckProviderRequest.class,
      responseType = io.ringmain.admin.v1.CheckProviderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.CheckProviderRequest,
      io.ringmain.admin.v1.CheckProviderResponse> getCheckProviderMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.CheckProviderRequest, io.ringmain.admin.v1.CheckProviderResponse> getCheckProviderMethod;
    if ((getCheckProviderMethod = AdminServiceGrpc.getCheckProviderMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getCheckProviderMethod = AdminServiceGrpc.getCheckProviderMethod) == null) {
          AdminServiceGrpc.getCheckProviderMethod = getCheckProviderMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.CheckProviderRequest, io.ringmain.admin.v1.CheckProviderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CheckProvider"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.CheckProviderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.CheckProviderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("CheckProvider"))
              .build();
        }
      }
    }
    return getCheckProviderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.FlushCacheRequest,
      io.ringmain.admin.v1.FlushCacheResponse> getFlushCacheMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FlushCache",
      requestType = io.ringmain.admin.v1.FlushCacheRequest.class,
      responseType = io.ringmain.admin.v1.FlushCacheResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.FlushCacheRequest,
      io.ringmain.admin.v1.FlushCacheResponse> getFlushCacheMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.FlushCacheRequest, io.ringmain.admin.v1.FlushCacheResponse> getFlushCacheMethod;
    if ((getFlushCacheMethod = AdminServiceGrpc.getFlushCacheMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getFlushCacheMethod = AdminServiceGrpc.getFlushCacheMethod) == null) {
          AdminServiceGrpc.getFlushCacheMethod = getFlushCacheMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.FlushCacheRequest, io.ringmain.admin.v1.FlushCacheResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FlushCache"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.FlushCacheRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.FlushCacheResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("FlushCache"))
              .build();
        }
      }
    }
    return getFlushCacheMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.ReloadConfigRequest,
      io.ringmain.admin.v1.ReloadConfigResponse> getReloadConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReloadConfig",
      requestType = io.ringmain.admin.v1.ReloadConfigRequest.class,
      responseType = io.ringmain.admin.v1.ReloadConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.ReloadConfigRequest,
      io.ringmain.admin.v1.ReloadConfigResponse> getReloadConfigMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.ReloadConfigRequest, io.ringmain.admin.v1.ReloadConfigResponse> getReloadConfigMethod;
    if ((getReloadConfigMethod = AdminServiceGrpc.getReloadConfigMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getReloadConfigMethod = AdminServiceGrpc.getReloadConfigMethod) == null) {
          AdminServiceGrpc.getReloadConfigMethod = getReloadConfigMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.ReloadConfigRequest, io.ringmain.admin.v1.ReloadConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReloadConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ReloadConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ReloadConfigResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ReloadConfig"))
              .build();
        }
      }
    }
    return getReloadConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.CreateApiKeyRequest,
      io.ringmain.admin.v1.CreateApiKeyResponse> getCreateApiKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateApiKey",
      requestType = io.ringmain.admin.v1.CreateApiKeyRequest.class,
      responseType = io.ringmain.admin.v1.CreateApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.CreateApiKeyRequest,
      io.ringmain.admin.v1.CreateApiKeyResponse> getCreateApiKeyMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.CreateApiKeyRequest, io.ringmain.admin.v1.CreateApiKeyResponse> getCreateApiKeyMethod;
    if ((getCreateApiKeyMethod = AdminServiceGrpc.getCreateApiKeyMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getCreateApiKeyMethod = AdminServiceGrpc.getCreateApiKeyMethod) == null) {
          AdminServiceGrpc.getCreateApiKeyMethod = getCreateApiKeyMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.CreateApiKeyRequest, io.ringmain.admin.v1.CreateApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateApiKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.CreateApiKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.CreateApiKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("CreateApiKey"))
              .build();
        }
      }
    }
    return getCreateApiKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListApiKeysRequest,
      io.ringmain.admin.v1.ListApiKeysResponse> getListApiKeysMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListApiKeys",
      requestType = io.ringmain.admin.v1.ListApiKeysRequest.class,
      responseType = io.ringmain.admin.v1.ListApiKeysResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListApiKeysRequest,
      io.ringmain.admin.v1.ListApiKeysResponse> getListApiKeysMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.ListApiKeysRequest, io.ringmain.admin.v1.ListApiKeysResponse> getListApiKeysMethod;
    if ((getListApiKeysMethod = AdminServiceGrpc.getListApiKeysMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListApiKeysMethod = AdminServiceGrpc.getListApiKeysMethod) == null) {
          AdminServiceGrpc.getListApiKeysMethod = getListApiKeysMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.ListApiKeysRequest, io.ringmain.admin.v1.ListApiKeysResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListApiKeys"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ListApiKeysRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.ListApiKeysResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListApiKeys"))
              .build();
        }
      }
    }
    return getListApiKeysMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.UpdateApiKeyRequest,
      io.ringmain.admin.v1.UpdateApiKeyResponse> getUpdateApiKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateApiKey",
      requestType = io.ringmain.admin.v1.UpdateApiKeyRequest.class,
      responseType = io.ringmain.admin.v1.UpdateApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.UpdateApiKeyRequest,
      io.ringmain.admin.v1.UpdateApiKeyResponse> getUpdateApiKeyMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.UpdateApiKeyRequest, io.ringmain.admin.v1.UpdateApiKeyResponse> getUpdateApiKeyMethod;
    if ((getUpdateApiKeyMethod = AdminServiceGrpc.getUpdateApiKeyMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getUpdateApiKeyMethod = AdminServiceGrpc.getUpdateApiKeyMethod) == null) {
          AdminServiceGrpc.getUpdateApiKeyMethod = getUpdateApiKeyMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.UpdateApiKeyRequest, io.ringmain.admin.v1.UpdateApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateApiKey"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.UpdateApiKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.UpdateApiKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("UpdateApiKey"))
              .build();
        }
      }
    }
    return getUpdateApiKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.RotateApiKeyRequest,
      io.ringmain.admin.v1.RotateApiKeyResponse> getRotateApiKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateApiKey",
      requestType = io.ringmain.admin.v1.RotateApiKeyRequest.class,
      responseType = io.ringmain.admin.v1.RotateApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.RotateApiKeyRequest,
      io.ringmain.admin.v1.RotateApiKeyResponse> getRotateApiKeyMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.RotateApiKeyRequest, io.ringmain.admin.v1.RotateApiKeyResponse> getRotateApiKeyMethod;
    if ((getRotateApiKeyMethod = AdminServiceGrpc.getRotateApiKeyMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getRotateApiKeyMethod = AdminServiceGrpc.getRotateApiKeyMethod) == null) {
          AdminServiceGrpc.getRotateApiKeyMethod = getRotateApiKeyMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.RotateApiKeyRequest, io.ringmain.admin.v1.RotateApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateApiKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RotateApiKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RotateApiKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("RotateApiKey"))
              .build();
        }
      }
    }
    return getRotateApiKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.RevokeApiKeyRequest,
      io.ringmain.admin.v1.RevokeApiKeyResponse> getRevokeApiKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeApiKey",
      requestType = io.ringmain.admin.v1.RevokeApiKeyRequest.class,
      responseType = io.ringmain.admin.v1.RevokeApiKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.RevokeApiKeyRequest,
      io.ringmain.admin.v1.RevokeApiKeyResponse> getRevokeApiKeyMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.RevokeApiKeyRequest, io.ringmain.admin.v1.RevokeApiKeyResponse> getRevokeApiKeyMethod;
    if ((getRevokeApiKeyMethod = AdminServiceGrpc.getRevokeApiKeyMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getRevokeApiKeyMethod = AdminServiceGrpc.getRevokeApiKeyMethod) == null) {
          AdminServiceGrpc.getRevokeApiKeyMethod = getRevokeApiKeyMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.RevokeApiKeyRequest, io.ringmain.admin.v1.RevokeApiKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeApiKey"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RevokeApiKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.RevokeApiKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("RevokeApiKey"))
              .build();
        }
      }
    }
    return getRevokeApiKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.admin.v1.WatchEventsRequest,
      io.ringmain.admin.v1.WatchEventsResponse> getWatchEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchEvents",
      requestType = io.ringmain.admin.v1.WatchEventsRequest.class,
      responseType = io.ringmain.admin.v1.WatchEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.admin.v1.WatchEventsRequest,
      io.ringmain.admin.v1.WatchEventsResponse> getWatchEventsMethod() {
    io.grpc.MethodDescriptor<io.ringmain.admin.v1.WatchEventsRequest, io.ringmain.admin.v1.WatchEventsResponse> getWatchEventsMethod;
    if ((getWatchEventsMethod = AdminServiceGrpc.getWatchEventsMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getWatchEventsMethod = AdminServiceGrpc.getWatchEventsMethod) == null) {
          AdminServiceGrpc.getWatchEventsMethod = getWatchEventsMethod =
              io.grpc.MethodDescriptor.<io.ringmain.admin.v1.WatchEventsRequest, io.ringmain.admin.v1.WatchEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchEvents"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.WatchEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.admin.v1.WatchEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("WatchEvents"))
              .build();
        }
      }
    }
    return getWatchEventsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AdminServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub>() {
        @java.lang.Override
        public AdminServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceStub(channel, callOptions);
        }
      };
    return AdminServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AdminServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub>() {
        @java.lang.Override
        public AdminServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AdminServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AdminServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub>() {
        @java.lang.Override
        public AdminServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingStub(channel, callOptions);
        }
      };
    return AdminServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AdminServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub>() {
        @java.lang.Override
        public AdminServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceFutureStub(channel, callOptions);
        }
      };
    return AdminServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists providers and their health.
     * </pre>
     */
    default void listProviders(io.ringmain.admin.v1.ListProvidersRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListProvidersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListProvidersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes a provider out of rotation.
     * </pre>
     */
    default void drainProvider(io.ringmain.admin.v1.DrainProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.DrainProviderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDrainProviderMethod(), responseObserver);
    }

    /**
     * <pre>
     * Puts a provider back in rotation and closes its breakers.
     * </pre>
     */
    default void restoreProvider(io.ringmain.admin.v1.RestoreProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RestoreProviderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRestoreProviderMethod(), responseObserver);
    }

    /**
     * <pre>
     * Puts a provider first among the candidates of a model, until the next
     * configuration is loaded.
     * </pre>
     */
    default void setPrimaryProvider(io.ringmain.admin.v1.SetPrimaryProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.SetPrimaryProviderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetPrimaryProviderMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks a provider, now, whether it answers and takes the credentials.
     * </pre>
     */
    default void checkProvider(io.ringmain.admin.v1.CheckProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CheckProviderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCheckProviderMethod(), responseObserver);
    }

    /**
     * <pre>
     * Empties the response cache, for one model or all.
     * </pre>
     */
    default void flushCache(io.ringmain.admin.v1.FlushCacheRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.FlushCacheResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFlushCacheMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads the configuration again. A bad one is refused whole and changes nothing.
     * </pre>
     */
    default void reloadConfig(io.ringmain.admin.v1.ReloadConfigRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ReloadConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReloadConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes an API key. The secret is in the response and nowhere else.
     * </pre>
     */
    default void createApiKey(io.ringmain.admin.v1.CreateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CreateApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateApiKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists API keys, without their secrets.
     * </pre>
     */
    default void listApiKeys(io.ringmain.admin.v1.ListApiKeysRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListApiKeysResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListApiKeysMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes an API key: its name, scopes, models, limits or expiry.
     * </pre>
     */
    default void updateApiKey(io.ringmain.admin.v1.UpdateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.UpdateApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateApiKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gives an API key a new secret. The secret is in the response and nowhere
     * else; the old one works on for a grace period, if one is asked for.
     * </pre>
     */
    default void rotateApiKey(io.ringmain.admin.v1.RotateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateApiKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a key stop working, everywhere, within a second.
     * </pre>
     */
    default void revokeApiKey(io.ringmain.admin.v1.RevokeApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RevokeApiKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeApiKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sends what happens as it happens: breakers, failovers, limits, reloads.
     * </pre>
     */
    default void watchEvents(io.ringmain.admin.v1.WatchEventsRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.WatchEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchEventsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AdminService.
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public static abstract class AdminServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AdminServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AdminService.
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public static final class AdminServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AdminServiceStub> {
    private AdminServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists providers and their health.
     * </pre>
     */
    public void listProviders(io.ringmain.admin.v1.ListProvidersRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListProvidersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListProvidersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes a provider out of rotation.
     * </pre>
     */
    public void drainProvider(io.ringmain.admin.v1.DrainProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.DrainProviderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDrainProviderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Puts a provider back in rotation and closes its breakers.
     * </pre>
     */
    public void restoreProvider(io.ringmain.admin.v1.RestoreProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RestoreProviderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRestoreProviderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Puts a provider first among the candidates of a model, until the next
     * configuration is loaded.
     * </pre>
     */
    public void setPrimaryProvider(io.ringmain.admin.v1.SetPrimaryProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.SetPrimaryProviderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetPrimaryProviderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks a provider, now, whether it answers and takes the credentials.
     * </pre>
     */
    public void checkProvider(io.ringmain.admin.v1.CheckProviderRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CheckProviderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCheckProviderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Empties the response cache, for one model or all.
     * </pre>
     */
    public void flushCache(io.ringmain.admin.v1.FlushCacheRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.FlushCacheResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFlushCacheMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads the configuration again. A bad one is refused whole and changes nothing.
     * </pre>
     */
    public void reloadConfig(io.ringmain.admin.v1.ReloadConfigRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ReloadConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReloadConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes an API key. The secret is in the response and nowhere else.
     * </pre>
     */
    public void createApiKey(io.ringmain.admin.v1.CreateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CreateApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateApiKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists API keys, without their secrets.
     * </pre>
     */
    public void listApiKeys(io.ringmain.admin.v1.ListApiKeysRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListApiKeysResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListApiKeysMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes an API key: its name, scopes, models, limits or expiry.
     * </pre>
     */
    public void updateApiKey(io.ringmain.admin.v1.UpdateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.UpdateApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateApiKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gives an API key a new secret. The secret is in the response and nowhere
     * else; the old one works on for a grace period, if one is asked for.
     * </pre>
     */
    public void rotateApiKey(io.ringmain.admin.v1.RotateApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RotateApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateApiKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a key stop working, everywhere, within a second.
     * </pre>
     */
    public void revokeApiKey(io.ringmain.admin.v1.RevokeApiKeyRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RevokeApiKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeApiKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sends what happens as it happens: breakers, failovers, limits, reloads.
     * </pre>
     */
    public void watchEvents(io.ringmain.admin.v1.WatchEventsRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.admin.v1.WatchEventsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchEventsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AdminService.
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public static final class AdminServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingV2Stub> {
    private AdminServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists providers and their health.
     * </pre>
     */
    public io.ringmain.admin.v1.ListProvidersResponse listProviders(io.ringmain.admin.v1.ListProvidersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListProvidersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a provider out of rotation.
     * </pre>
     */
    public io.ringmain.admin.v1.DrainProviderResponse drainProvider(io.ringmain.admin.v1.DrainProviderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDrainProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Puts a provider back in rotation and closes its breakers.
     * </pre>
     */
    public io.ringmain.admin.v1.RestoreProviderResponse restoreProvider(io.ringmain.admin.v1.RestoreProviderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRestoreProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Puts a provider first among the candidates of a model, until the next
     * configuration is loaded.
     * </pre>
     */
    public io.ringmain.admin.v1.SetPrimaryProviderResponse setPrimaryProvider(io.ringmain.admin.v1.SetPrimaryProviderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetPrimaryProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks a provider, now, whether it answers and takes the credentials.
     * </pre>
     */
    public io.ringmain.admin.v1.CheckProviderResponse checkProvider(io.ringmain.admin.v1.CheckProviderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCheckProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Empties the response cache, for one model or all.
     * </pre>
     */
    public io.ringmain.admin.v1.FlushCacheResponse flushCache(io.ringmain.admin.v1.FlushCacheRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFlushCacheMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads the configuration again. A bad one is refused whole and changes nothing.
     * </pre>
     */
    public io.ringmain.admin.v1.ReloadConfigResponse reloadConfig(io.ringmain.admin.v1.ReloadConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReloadConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes an API key. The secret is in the response and nowhere else.
     * </pre>
     */
    public io.ringmain.admin.v1.CreateApiKeyResponse createApiKey(io.ringmain.admin.v1.CreateApiKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists API keys, without their secrets.
     * </pre>
     */
    public io.ringmain.admin.v1.ListApiKeysResponse listApiKeys(io.ringmain.admin.v1.ListApiKeysRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListApiKeysMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes an API key: its name, scopes, models, limits or expiry.
     * </pre>
     */
    public io.ringmain.admin.v1.UpdateApiKeyResponse updateApiKey(io.ringmain.admin.v1.UpdateApiKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives an API key a new secret. The secret is in the response and nowhere
     * else; the old one works on for a grace period, if one is asked for.
     * </pre>
     */
    public io.ringmain.admin.v1.RotateApiKeyResponse rotateApiKey(io.ringmain.admin.v1.RotateApiKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a key stop working, everywhere, within a second.
     * </pre>
     */
    public io.ringmain.admin.v1.RevokeApiKeyResponse revokeApiKey(io.ringmain.admin.v1.RevokeApiKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends what happens as it happens: breakers, failovers, limits, reloads.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.ringmain.admin.v1.WatchEventsResponse>
        watchEvents(io.ringmain.admin.v1.WatchEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchEventsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AdminService.
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public static final class AdminServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingStub> {
    private AdminServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists providers and their health.
     * </pre>
     */
    public io.ringmain.admin.v1.ListProvidersResponse listProviders(io.ringmain.admin.v1.ListProvidersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListProvidersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a provider out of rotation.
     * </pre>
     */
    public io.ringmain.admin.v1.DrainProviderResponse drainProvider(io.ringmain.admin.v1.DrainProviderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDrainProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Puts a provider back in rotation and closes its breakers.
     * </pre>
     */
    public io.ringmain.admin.v1.RestoreProviderResponse restoreProvider(io.ringmain.admin.v1.RestoreProviderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRestoreProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Puts a provider first among the candidates of a model, until the next
     * configuration is loaded.
     * </pre>
     */
    public io.ringmain.admin.v1.SetPrimaryProviderResponse setPrimaryProvider(io.ringmain.admin.v1.SetPrimaryProviderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetPrimaryProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks a provider, now, whether it answers and takes the credentials.
     * </pre>
     */
    public io.ringmain.admin.v1.CheckProviderResponse checkProvider(io.ringmain.admin.v1.CheckProviderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCheckProviderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Empties the response cache, for one model or all.
     * </pre>
     */
    public io.ringmain.admin.v1.FlushCacheResponse flushCache(io.ringmain.admin.v1.FlushCacheRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFlushCacheMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads the configuration again. A bad one is refused whole and changes nothing.
     * </pre>
     */
    public io.ringmain.admin.v1.ReloadConfigResponse reloadConfig(io.ringmain.admin.v1.ReloadConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReloadConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes an API key. The secret is in the response and nowhere else.
     * </pre>
     */
    public io.ringmain.admin.v1.CreateApiKeyResponse createApiKey(io.ringmain.admin.v1.CreateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists API keys, without their secrets.
     * </pre>
     */
    public io.ringmain.admin.v1.ListApiKeysResponse listApiKeys(io.ringmain.admin.v1.ListApiKeysRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListApiKeysMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes an API key: its name, scopes, models, limits or expiry.
     * </pre>
     */
    public io.ringmain.admin.v1.UpdateApiKeyResponse updateApiKey(io.ringmain.admin.v1.UpdateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives an API key a new secret. The secret is in the response and nowhere
     * else; the old one works on for a grace period, if one is asked for.
     * </pre>
     */
    public io.ringmain.admin.v1.RotateApiKeyResponse rotateApiKey(io.ringmain.admin.v1.RotateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a key stop working, everywhere, within a second.
     * </pre>
     */
    public io.ringmain.admin.v1.RevokeApiKeyResponse revokeApiKey(io.ringmain.admin.v1.RevokeApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeApiKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends what happens as it happens: breakers, failovers, limits, reloads.
     * </pre>
     */
    public java.util.Iterator<io.ringmain.admin.v1.WatchEventsResponse> watchEvents(
        io.ringmain.admin.v1.WatchEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchEventsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AdminService.
   * <pre>
   * Operates the gateway. It is served on a port of its own, and where callers
   * need keys, it takes only those with the scope ADMIN. A provider or key that
   * does not exist is RESOURCE_NOT_FOUND, and such a model MODEL_NOT_FOUND.
   * </pre>
   */
  public static final class AdminServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AdminServiceFutureStub> {
    private AdminServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists providers and their health.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.ListProvidersResponse> listProviders(
        io.ringmain.admin.v1.ListProvidersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListProvidersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes a provider out of rotation.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.DrainProviderResponse> drainProvider(
        io.ringmain.admin.v1.DrainProviderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDrainProviderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Puts a provider back in rotation and closes its breakers.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.RestoreProviderResponse> restoreProvider(
        io.ringmain.admin.v1.RestoreProviderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRestoreProviderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Puts a provider first among the candidates of a model, until the next
     * configuration is loaded.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.SetPrimaryProviderResponse> setPrimaryProvider(
        io.ringmain.admin.v1.SetPrimaryProviderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetPrimaryProviderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks a provider, now, whether it answers and takes the credentials.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.CheckProviderResponse> checkProvider(
        io.ringmain.admin.v1.CheckProviderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCheckProviderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Empties the response cache, for one model or all.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.FlushCacheResponse> flushCache(
        io.ringmain.admin.v1.FlushCacheRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFlushCacheMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads the configuration again. A bad one is refused whole and changes nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.ReloadConfigResponse> reloadConfig(
        io.ringmain.admin.v1.ReloadConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReloadConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes an API key. The secret is in the response and nowhere else.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.CreateApiKeyResponse> createApiKey(
        io.ringmain.admin.v1.CreateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateApiKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists API keys, without their secrets.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.ListApiKeysResponse> listApiKeys(
        io.ringmain.admin.v1.ListApiKeysRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListApiKeysMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes an API key: its name, scopes, models, limits or expiry.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.UpdateApiKeyResponse> updateApiKey(
        io.ringmain.admin.v1.UpdateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateApiKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gives an API key a new secret. The secret is in the response and nowhere
     * else; the old one works on for a grace period, if one is asked for.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.RotateApiKeyResponse> rotateApiKey(
        io.ringmain.admin.v1.RotateApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateApiKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a key stop working, everywhere, within a second.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.admin.v1.RevokeApiKeyResponse> revokeApiKey(
        io.ringmain.admin.v1.RevokeApiKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeApiKeyMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_PROVIDERS = 0;
  private static final int METHODID_DRAIN_PROVIDER = 1;
  private static final int METHODID_RESTORE_PROVIDER = 2;
  private static final int METHODID_SET_PRIMARY_PROVIDER = 3;
  private static final int METHODID_CHECK_PROVIDER = 4;
  private static final int METHODID_FLUSH_CACHE = 5;
  private static final int METHODID_RELOAD_CONFIG = 6;
  private static final int METHODID_CREATE_API_KEY = 7;
  private static final int METHODID_LIST_API_KEYS = 8;
  private static final int METHODID_UPDATE_API_KEY = 9;
  private static final int METHODID_ROTATE_API_KEY = 10;
  private static final int METHODID_REVOKE_API_KEY = 11;
  private static final int METHODID_WATCH_EVENTS = 12;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_LIST_PROVIDERS:
          serviceImpl.listProviders((io.ringmain.admin.v1.ListProvidersRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListProvidersResponse>) responseObserver);
          break;
        case METHODID_DRAIN_PROVIDER:
          serviceImpl.drainProvider((io.ringmain.admin.v1.DrainProviderRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.DrainProviderResponse>) responseObserver);
          break;
        case METHODID_RESTORE_PROVIDER:
          serviceImpl.restoreProvider((io.ringmain.admin.v1.RestoreProviderRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RestoreProviderResponse>) responseObserver);
          break;
        case METHODID_SET_PRIMARY_PROVIDER:
          serviceImpl.setPrimaryProvider((io.ringmain.admin.v1.SetPrimaryProviderRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.SetPrimaryProviderResponse>) responseObserver);
          break;
        case METHODID_CHECK_PROVIDER:
          serviceImpl.checkProvider((io.ringmain.admin.v1.CheckProviderRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CheckProviderResponse>) responseObserver);
          break;
        case METHODID_FLUSH_CACHE:
          serviceImpl.flushCache((io.ringmain.admin.v1.FlushCacheRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.FlushCacheResponse>) responseObserver);
          break;
        case METHODID_RELOAD_CONFIG:
          serviceImpl.reloadConfig((io.ringmain.admin.v1.ReloadConfigRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ReloadConfigResponse>) responseObserver);
          break;
        case METHODID_CREATE_API_KEY:
          serviceImpl.createApiKey((io.ringmain.admin.v1.CreateApiKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.CreateApiKeyResponse>) responseObserver);
          break;
        case METHODID_LIST_API_KEYS:
          serviceImpl.listApiKeys((io.ringmain.admin.v1.ListApiKeysRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.ListApiKeysResponse>) responseObserver);
          break;
        case METHODID_UPDATE_API_KEY:
          serviceImpl.updateApiKey((io.ringmain.admin.v1.UpdateApiKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.UpdateApiKeyResponse>) responseObserver);
          break;
        case METHODID_ROTATE_API_KEY:
          serviceImpl.rotateApiKey((io.ringmain.admin.v1.RotateApiKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RotateApiKeyResponse>) responseObserver);
          break;
        case METHODID_REVOKE_API_KEY:
          serviceImpl.revokeApiKey((io.ringmain.admin.v1.RevokeApiKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.RevokeApiKeyResponse>) responseObserver);
          break;
        case METHODID_WATCH_EVENTS:
          serviceImpl.watchEvents((io.ringmain.admin.v1.WatchEventsRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.admin.v1.WatchEventsResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListProvidersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.ListProvidersRequest,
              io.ringmain.admin.v1.ListProvidersResponse>(
                service, METHODID_LIST_PROVIDERS)))
        .addMethod(
          getDrainProviderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.DrainProviderRequest,
              io.ringmain.admin.v1.DrainProviderResponse>(
                service, METHODID_DRAIN_PROVIDER)))
        .addMethod(
          getRestoreProviderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.RestoreProviderRequest,
              io.ringmain.admin.v1.RestoreProviderResponse>(
                service, METHODID_RESTORE_PROVIDER)))
        .addMethod(
          getSetPrimaryProviderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.SetPrimaryProviderRequest,
              io.ringmain.admin.v1.SetPrimaryProviderResponse>(
                service, METHODID_SET_PRIMARY_PROVIDER)))
        .addMethod(
          getCheckProviderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.CheckProviderRequest,
              io.ringmain.admin.v1.CheckProviderResponse>(
                service, METHODID_CHECK_PROVIDER)))
        .addMethod(
          getFlushCacheMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.FlushCacheRequest,
              io.ringmain.admin.v1.FlushCacheResponse>(
                service, METHODID_FLUSH_CACHE)))
        .addMethod(
          getReloadConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.ReloadConfigRequest,
              io.ringmain.admin.v1.ReloadConfigResponse>(
                service, METHODID_RELOAD_CONFIG)))
        .addMethod(
          getCreateApiKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.CreateApiKeyRequest,
              io.ringmain.admin.v1.CreateApiKeyResponse>(
                service, METHODID_CREATE_API_KEY)))
        .addMethod(
          getListApiKeysMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.ListApiKeysRequest,
              io.ringmain.admin.v1.ListApiKeysResponse>(
                service, METHODID_LIST_API_KEYS)))
        .addMethod(
          getUpdateApiKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.UpdateApiKeyRequest,
              io.ringmain.admin.v1.UpdateApiKeyResponse>(
                service, METHODID_UPDATE_API_KEY)))
        .addMethod(
          getRotateApiKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.RotateApiKeyRequest,
              io.ringmain.admin.v1.RotateApiKeyResponse>(
                service, METHODID_ROTATE_API_KEY)))
        .addMethod(
          getRevokeApiKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.admin.v1.RevokeApiKeyRequest,
              io.ringmain.admin.v1.RevokeApiKeyResponse>(
                service, METHODID_REVOKE_API_KEY)))
        .addMethod(
          getWatchEventsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.ringmain.admin.v1.WatchEventsRequest,
              io.ringmain.admin.v1.WatchEventsResponse>(
                service, METHODID_WATCH_EVENTS)))
        .build();
  }

  private static abstract class AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AdminServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.ringmain.admin.v1.AdminServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AdminService");
    }
  }

  private static final class AdminServiceFileDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier {
    AdminServiceFileDescriptorSupplier() {}
  }

  private static final class AdminServiceMethodDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AdminServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (AdminServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AdminServiceFileDescriptorSupplier())
              .addMethod(getListProvidersMethod())
              .addMethod(getDrainProviderMethod())
              .addMethod(getRestoreProviderMethod())
              .addMethod(getSetPrimaryProviderMethod())
              .addMethod(getCheckProviderMethod())
              .addMethod(getFlushCacheMethod())
              .addMethod(getReloadConfigMethod())
              .addMethod(getCreateApiKeyMethod())
              .addMethod(getListApiKeysMethod())
              .addMethod(getUpdateApiKeyMethod())
              .addMethod(getRotateApiKeyMethod())
              .addMethod(getRevokeApiKeyMethod())
              .addMethod(getWatchEventsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
