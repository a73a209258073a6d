package io.ringmain.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What a caller has consumed. A caller sees its own tenant; an admin sees all.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class UsageServiceGrpc {

  private UsageServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "ringmain.v1.UsageService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.ListUsageRecordsRequest,
      io.ringmain.v1.ListUsageRecordsResponse> getListUsageRecordsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListUsageRecords",
      requestType = io.ringmain.v1.ListUsageRecordsRequest.class,
      responseType = io.ringmain.v1.ListUsageRecordsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.ListUsageRecordsRequest,
      io.ringmain.v1.ListUsageRecordsResponse> getListUsageRecordsMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.ListUsageRecordsRequest, io.ringmain.v1.ListUsageRecordsResponse> getListUsageRecordsMethod;
    if ((getListUsageRecordsMethod = UsageServiceGrpc.getListUsageRecordsMethod) == null) {
      synchronized (UsageServiceGrpc.class) {
        if ((getListUsageRecordsMethod = UsageServiceGrpc.getListUsageRecordsMethod) == null) {
          UsageServiceGrpc.getListUsageRecordsMethod = getListUsageRecordsMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.ListUsageRecordsRequest, io.ringmain.v1.ListUsageRecordsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListUsageRecords"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ListUsageRecordsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ListUsageRecordsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UsageServiceMethodDescriptorSupplier("ListUsageRecords"))
              .build();
        }
      }
    }
    return getListUsageRecordsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.QueryUsageRequest,
      io.ringmain.v1.QueryUsageResponse> getQueryUsageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "QueryUsage",
      requestType = io.ringmain.v1.QueryUsageRequest.class,
      responseType = io.ringmain.v1.QueryUsageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.QueryUsageRequest,
      io.ringmain.v1.QueryUsageResponse> getQueryUsageMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.QueryUsageRequest, io.ringmain.v1.QueryUsageResponse> getQueryUsageMethod;
    if ((getQueryUsageMethod = UsageServiceGrpc.getQueryUsageMethod) == null) {
      synchronized (UsageServiceGrpc.class) {
        if ((getQueryUsageMethod = UsageServiceGrpc.getQueryUsageMethod) == null) {
          UsageServiceGrpc.getQueryUsageMethod = getQueryUsageMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.QueryUsageRequest, io.ringmain.v1.QueryUsageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "QueryUsage"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.QueryUsageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.QueryUsageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UsageServiceMethodDescriptorSupplier("QueryUsage"))
              .build();
        }
      }
    }
    return getQueryUsageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.ExportUsageRequest,
      io.ringmain.v1.ExportUsageResponse> getExportUsageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportUsage",
      requestType = io.ringmain.v1.ExportUsageRequest.class,
      responseType = io.ringmain.v1.ExportUsageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.ExportUsageRequest,
      io.ringmain.v1.ExportUsageResponse> getExportUsageMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.ExportUsageRequest, io.ringmain.v1.ExportUsageResponse> getExportUsageMethod;
    if ((getExportUsageMethod = UsageServiceGrpc.getExportUsageMethod) == null) {
      synchronized (UsageServiceGrpc.class) {
        if ((getExportUsageMethod = UsageServiceGrpc.getExportUsageMethod) == null) {
          UsageServiceGrpc.getExportUsageMethod = getExportUsageMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.ExportUsageRequest, io.ringmain.v1.ExportUsageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportUsage"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ExportUsageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ExportUsageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new UsageServiceMethodDescriptorSupplier("ExportUsage"))
              .build();
        }
      }
    }
    return getExportUsageMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static UsageServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UsageServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UsageServiceStub>() {
        @java.lang.Override
        public UsageServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UsageServiceStub(channel, callOptions);
        }
      };
    return UsageServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static UsageServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UsageServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UsageServiceBlockingV2Stub>() {
        @java.lang.Override
        public UsageServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UsageServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return UsageServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static UsageServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UsageServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UsageServiceBlockingStub>() {
        @java.lang.Override
        public UsageServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UsageServiceBlockingStub(channel, callOptions);
        }
      };
    return UsageServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static UsageServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<UsageServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<UsageServiceFutureStub>() {
        @java.lang.Override
        public UsageServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new UsageServiceFutureStub(channel, callOptions);
        }
      };
    return UsageServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists records, the newest first, those of cancelled and failed attempts
     * included.
     * </pre>
     */
    default void listUsageRecords(io.ringmain.v1.ListUsageRecordsRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ListUsageRecordsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListUsageRecordsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sums records over a period.
     * </pre>
     */
    default void queryUsage(io.ringmain.v1.QueryUsageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.QueryUsageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQueryUsageMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sends every record of a period, the oldest first.
     * </pre>
     */
    default void exportUsage(io.ringmain.v1.ExportUsageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ExportUsageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportUsageMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service UsageService.
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public static abstract class UsageServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return UsageServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service UsageService.
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public static final class UsageServiceStub
      extends io.grpc.stub.AbstractAsyncStub<UsageServiceStub> {
    private UsageServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UsageServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UsageServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists records, the newest first, those of cancelled and failed attempts
     * included.
     * </pre>
     */
    public void listUsageRecords(io.ringmain.v1.ListUsageRecordsRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ListUsageRecordsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListUsageRecordsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sums records over a period.
     * </pre>
     */
    public void queryUsage(io.ringmain.v1.QueryUsageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.QueryUsageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getQueryUsageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sends every record of a period, the oldest first.
     * </pre>
     */
    public void exportUsage(io.ringmain.v1.ExportUsageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ExportUsageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getExportUsageMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service UsageService.
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public static final class UsageServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<UsageServiceBlockingV2Stub> {
    private UsageServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UsageServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UsageServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists records, the newest first, those of cancelled and failed attempts
     * included.
     * </pre>
     */
    public io.ringmain.v1.ListUsageRecordsResponse listUsageRecords(io.ringmain.v1.ListUsageRecordsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListUsageRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sums records over a period.
     * </pre>
     */
    public io.ringmain.v1.QueryUsageResponse queryUsage(io.ringmain.v1.QueryUsageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getQueryUsageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends every record of a period, the oldest first.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.ringmain.v1.ExportUsageResponse>
        exportUsage(io.ringmain.v1.ExportUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getExportUsageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service UsageService.
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public static final class UsageServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<UsageServiceBlockingStub> {
    private UsageServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UsageServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UsageServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists records, the newest first, those of cancelled and failed attempts
     * included.
     * </pre>
     */
    public io.ringmain.v1.ListUsageRecordsResponse listUsageRecords(io.ringmain.v1.ListUsageRecordsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListUsageRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sums records over a period.
     * </pre>
     */
    public io.ringmain.v1.QueryUsageResponse queryUsage(io.ringmain.v1.QueryUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getQueryUsageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends every record of a period, the oldest first.
     * </pre>
     */
    public java.util.Iterator<io.ringmain.v1.ExportUsageResponse> exportUsage(
        io.ringmain.v1.ExportUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getExportUsageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service UsageService.
   * <pre>
   * What a caller has consumed. A caller sees its own tenant; an admin sees all.
   * </pre>
   */
  public static final class UsageServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<UsageServiceFutureStub> {
    private UsageServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected UsageServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new UsageServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists records, the newest first, those of cancelled and failed attempts
     * included.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.ListUsageRecordsResponse> listUsageRecords(
        io.ringmain.v1.ListUsageRecordsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListUsageRecordsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sums records over a period.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.QueryUsageResponse> queryUsage(
        io.ringmain.v1.QueryUsageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getQueryUsageMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_USAGE_RECORDS = 0;
  private static final int METHODID_QUERY_USAGE = 1;
  private static final int METHODID_EXPORT_USAGE = 2;

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
        case METHODID_LIST_USAGE_RECORDS:
          serviceImpl.listUsageRecords((io.ringmain.v1.ListUsageRecordsRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ListUsageRecordsResponse>) responseObserver);
          break;
        case METHODID_QUERY_USAGE:
          serviceImpl.queryUsage((io.ringmain.v1.QueryUsageRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.QueryUsageResponse>) responseObserver);
          break;
        case METHODID_EXPORT_USAGE:
          serviceImpl.exportUsage((io.ringmain.v1.ExportUsageRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ExportUsageResponse>) responseObserver);
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
          getListUsageRecordsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.ListUsageRecordsRequest,
              io.ringmain.v1.ListUsageRecordsResponse>(
                service, METHODID_LIST_USAGE_RECORDS)))
        .addMethod(
          getQueryUsageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.QueryUsageRequest,
              io.ringmain.v1.QueryUsageResponse>(
                service, METHODID_QUERY_USAGE)))
        .addMethod(
          getExportUsageMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.ExportUsageRequest,
              io.ringmain.v1.ExportUsageResponse>(
                service, METHODID_EXPORT_USAGE)))
        .build();
  }

  private static abstract class UsageServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    UsageServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.ringmain.v1.UsageServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("UsageService");
    }
  }

  private static final class UsageServiceFileDescriptorSupplier
      extends UsageServiceBaseDescriptorSupplier {
    UsageServiceFileDescriptorSupplier() {}
  }

  private static final class UsageServiceMethodDescriptorSupplier
      extends UsageServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    UsageServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (UsageServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new UsageServiceFileDescriptorSupplier())
              .addMethod(getListUsageRecordsMethod())
              .addMethod(getQueryUsageMethod())
              .addMethod(getExportUsageMethod())
              .build();
        }
      }
    }
    return result;
  }
}
