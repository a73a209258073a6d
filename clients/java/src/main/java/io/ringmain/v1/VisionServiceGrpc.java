package io.ringmain.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Questions about images and documents, for callers that keep no conversation.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class VisionServiceGrpc {

  private VisionServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "ringmain.v1.VisionService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest,
      io.ringmain.v1.ChatResponse> getAnalyzeImagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AnalyzeImages",
      requestType = io.ringmain.v1.AnalyzeImagesRequest.class,
      responseType = io.ringmain.v1.ChatResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest,
      io.ringmain.v1.ChatResponse> getAnalyzeImagesMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest, io.ringmain.v1.ChatResponse> getAnalyzeImagesMethod;
    if ((getAnalyzeImagesMethod = VisionServiceGrpc.getAnalyzeImagesMethod) == null) {
      synchronized (VisionServiceGrpc.class) {
        if ((getAnalyzeImagesMethod = VisionServiceGrpc.getAnalyzeImagesMethod) == null) {
          VisionServiceGrpc.getAnalyzeImagesMethod = getAnalyzeImagesMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.AnalyzeImagesRequest, io.ringmain.v1.ChatResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AnalyzeImages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.AnalyzeImagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ChatResponse.getDefaultInstance()))
              .setSchemaDescriptor(new VisionServiceMethodDescriptorSupplier("AnalyzeImages"))
              .build();
        }
      }
    }
    return getAnalyzeImagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest,
      io.ringmain.v1.ChatEvent> getStreamAnalyzeImagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamAnalyzeImages",
      requestType = io.ringmain.v1.AnalyzeImagesRequest.class,
      responseType = io.ringmain.v1.ChatEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest,
      io.ringmain.v1.ChatEvent> getStreamAnalyzeImagesMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.AnalyzeImagesRequest, io.ringmain.v1.ChatEvent> getStreamAnalyzeImagesMethod;
    if ((getStreamAnalyzeImagesMethod = VisionServiceGrpc.getStreamAnalyzeImagesMethod) == null) {
      synchronized (VisionServiceGrpc.class) {
        if ((getStreamAnalyzeImagesMethod = VisionServiceGrpc.getStreamAnalyzeImagesMethod) == null) {
          VisionServiceGrpc.getStreamAnalyzeImagesMethod = getStreamAnalyzeImagesMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.AnalyzeImagesRequest, io.ringmain.v1.ChatEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamAnalyzeImages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.AnalyzeImagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ChatEvent.getDefaultInstance()))
              .setSchemaDescriptor(new VisionServiceMethodDescriptorSupplier("StreamAnalyzeImages"))
              .build();
        }
      }
    }
    return getStreamAnalyzeImagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.ReadDocumentRequest,
      io.ringmain.v1.ReadDocumentEvent> getReadDocumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadDocument",
      requestType = io.ringmain.v1.ReadDocumentRequest.class,
      responseType = io.ringmain.v1.ReadDocumentEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.ReadDocumentRequest,
      io.ringmain.v1.ReadDocumentEvent> getReadDocumentMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.ReadDocumentRequest, io.ringmain.v1.ReadDocumentEvent> getReadDocumentMethod;
    if ((getReadDocumentMethod = VisionServiceGrpc.getReadDocumentMethod) == null) {
      synchronized (VisionServiceGrpc.class) {
        if ((getReadDocumentMethod = VisionServiceGrpc.getReadDocumentMethod) == null) {
          VisionServiceGrpc.getReadDocumentMethod = getReadDocumentMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.ReadDocumentRequest, io.ringmain.v1.ReadDocumentEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadDocument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ReadDocumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ReadDocumentEvent.getDefaultInstance()))
              .setSchemaDescriptor(new VisionServiceMethodDescriptorSupplier("ReadDocument"))
              .build();
        }
      }
    }
    return getReadDocumentMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static VisionServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<VisionServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<VisionServiceStub>() {
        @java.lang.Override
        public VisionServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new VisionServiceStub(channel, callOptions);
        }
      };
    return VisionServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static VisionServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<VisionServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<VisionServiceBlockingV2Stub>() {
        @java.lang.Override
        public VisionServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new VisionServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return VisionServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static VisionServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<VisionServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<VisionServiceBlockingStub>() {
        @java.lang.Override
        public VisionServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new VisionServiceBlockingStub(channel, callOptions);
        }
      };
    return VisionServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static VisionServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<VisionServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<VisionServiceFutureStub>() {
        @java.lang.Override
        public VisionServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new VisionServiceFutureStub(channel, callOptions);
        }
      };
    return VisionServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Answers a question about images and returns the whole answer.
     * </pre>
     */
    default void analyzeImages(io.ringmain.v1.AnalyzeImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ChatResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAnalyzeImagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Answers a question about images as it is written.
     * The same request as AnalyzeImages. Folding the events gives the response
     * AnalyzeImages would have returned.
     * </pre>
     */
    default void streamAnalyzeImages(io.ringmain.v1.AnalyzeImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ChatEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamAnalyzeImagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Turns a document into Markdown, page by page, with its pictures described.
     * The first request message carries the configuration, every later one the
     * next bytes of the document.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.ringmain.v1.ReadDocumentRequest> readDocument(
        io.grpc.stub.StreamObserver<io.ringmain.v1.ReadDocumentEvent> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getReadDocumentMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service VisionService.
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public static abstract class VisionServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return VisionServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service VisionService.
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public static final class VisionServiceStub
      extends io.grpc.stub.AbstractAsyncStub<VisionServiceStub> {
    private VisionServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected VisionServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new VisionServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers a question about images and returns the whole answer.
     * </pre>
     */
    public void analyzeImages(io.ringmain.v1.AnalyzeImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ChatResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAnalyzeImagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Answers a question about images as it is written.
     * The same request as AnalyzeImages. Folding the events gives the response
     * AnalyzeImages would have returned.
     * </pre>
     */
    public void streamAnalyzeImages(io.ringmain.v1.AnalyzeImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ChatEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamAnalyzeImagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Turns a document into Markdown, page by page, with its pictures described.
     * The first request message carries the configuration, every later one the
     * next bytes of the document.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.ringmain.v1.ReadDocumentRequest> readDocument(
        io.grpc.stub.StreamObserver<io.ringmain.v1.ReadDocumentEvent> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getReadDocumentMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service VisionService.
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public static final class VisionServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<VisionServiceBlockingV2Stub> {
    private VisionServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected VisionServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new VisionServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers a question about images and returns the whole answer.
     * </pre>
     */
    public io.ringmain.v1.ChatResponse analyzeImages(io.ringmain.v1.AnalyzeImagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAnalyzeImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Answers a question about images as it is written.
     * The same request as AnalyzeImages. Folding the events gives the response
     * AnalyzeImages would have returned.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.ringmain.v1.ChatEvent>
        streamAnalyzeImages(io.ringmain.v1.AnalyzeImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamAnalyzeImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Turns a document into Markdown, page by page, with its pictures described.
     * The first request message carries the configuration, every later one the
     * next bytes of the document.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.ringmain.v1.ReadDocumentRequest, io.ringmain.v1.ReadDocumentEvent>
        readDocument() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getReadDocumentMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service VisionService.
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public static final class VisionServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<VisionServiceBlockingStub> {
    private VisionServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected VisionServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new VisionServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers a question about images and returns the whole answer.
     * </pre>
     */
    public io.ringmain.v1.ChatResponse analyzeImages(io.ringmain.v1.AnalyzeImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAnalyzeImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Answers a question about images as it is written.
     * The same request as AnalyzeImages. Folding the events gives the response
     * AnalyzeImages would have returned.
     * </pre>
     */
    public java.util.Iterator<io.ringmain.v1.ChatEvent> streamAnalyzeImages(
        io.ringmain.v1.AnalyzeImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamAnalyzeImagesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service VisionService.
   * <pre>
   * Questions about images and documents, for callers that keep no conversation.
   * </pre>
   */
  public static final class VisionServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<VisionServiceFutureStub> {
    private VisionServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected VisionServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new VisionServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers a question about images and returns the whole answer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.ChatResponse> analyzeImages(
        io.ringmain.v1.AnalyzeImagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAnalyzeImagesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ANALYZE_IMAGES = 0;
  private static final int METHODID_STREAM_ANALYZE_IMAGES = 1;
  private static final int METHODID_READ_DOCUMENT = 2;

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
        case METHODID_ANALYZE_IMAGES:
          serviceImpl.analyzeImages((io.ringmain.v1.AnalyzeImagesRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ChatResponse>) responseObserver);
          break;
        case METHODID_STREAM_ANALYZE_IMAGES:
          serviceImpl.streamAnalyzeImages((io.ringmain.v1.AnalyzeImagesRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ChatEvent>) responseObserver);
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
        case METHODID_READ_DOCUMENT:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.readDocument(
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ReadDocumentEvent>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getAnalyzeImagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.AnalyzeImagesRequest,
              io.ringmain.v1.ChatResponse>(
                service, METHODID_ANALYZE_IMAGES)))
        .addMethod(
          getStreamAnalyzeImagesMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.AnalyzeImagesRequest,
              io.ringmain.v1.ChatEvent>(
                service, METHODID_STREAM_ANALYZE_IMAGES)))
        .addMethod(
          getReadDocumentMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.ReadDocumentRequest,
              io.ringmain.v1.ReadDocumentEvent>(
                service, METHODID_READ_DOCUMENT)))
        .build();
  }

  private static abstract class VisionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    VisionServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.ringmain.v1.VisionServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("VisionService");
    }
  }

  private static final class VisionServiceFileDescriptorSupplier
      extends VisionServiceBaseDescriptorSupplier {
    VisionServiceFileDescriptorSupplier() {}
  }

  private static final class VisionServiceMethodDescriptorSupplier
      extends VisionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    VisionServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (VisionServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new VisionServiceFileDescriptorSupplier())
              .addMethod(getAnalyzeImagesMethod())
              .addMethod(getStreamAnalyzeImagesMethod())
              .addMethod(getReadDocumentMethod())
              .build();
        }
      }
    }
    return result;
  }
}
