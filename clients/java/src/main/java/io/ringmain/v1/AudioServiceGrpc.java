package io.ringmain.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Speech to text and text to speech.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AudioServiceGrpc {

  private AudioServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "ringmain.v1.AudioService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.TranscribeRequest,
      io.ringmain.v1.TranscribeEvent> getTranscribeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Transcribe",
      requestType = io.ringmain.v1.TranscribeRequest.class,
      responseType = io.ringmain.v1.TranscribeEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.TranscribeRequest,
      io.ringmain.v1.TranscribeEvent> getTranscribeMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.TranscribeRequest, io.ringmain.v1.TranscribeEvent> getTranscribeMethod;
    if ((getTranscribeMethod = AudioServiceGrpc.getTranscribeMethod) == null) {
      synchronized (AudioServiceGrpc.class) {
        if ((getTranscribeMethod = AudioServiceGrpc.getTranscribeMethod) == null) {
          AudioServiceGrpc.getTranscribeMethod = getTranscribeMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.TranscribeRequest, io.ringmain.v1.TranscribeEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Transcribe"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.TranscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.TranscribeEvent.getDefaultInstance()))
              .setSchemaDescriptor(new AudioServiceMethodDescriptorSupplier("Transcribe"))
              .build();
        }
      }
    }
    return getTranscribeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.SpeakRequest,
      io.ringmain.v1.SpeakEvent> getSpeakMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Speak",
      requestType = io.ringmain.v1.SpeakRequest.class,
      responseType = io.ringmain.v1.SpeakEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.SpeakRequest,
      io.ringmain.v1.SpeakEvent> getSpeakMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.SpeakRequest, io.ringmain.v1.SpeakEvent> getSpeakMethod;
    if ((getSpeakMethod = AudioServiceGrpc.getSpeakMethod) == null) {
      synchronized (AudioServiceGrpc.class) {
        if ((getSpeakMethod = AudioServiceGrpc.getSpeakMethod) == null) {
          AudioServiceGrpc.getSpeakMethod = getSpeakMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.SpeakRequest, io.ringmain.v1.SpeakEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Speak"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.SpeakRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.SpeakEvent.getDefaultInstance()))
              .setSchemaDescriptor(new AudioServiceMethodDescriptorSupplier("Speak"))
              .build();
        }
      }
    }
    return getSpeakMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AudioServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AudioServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AudioServiceStub>() {
        @java.lang.Override
        public AudioServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AudioServiceStub(channel, callOptions);
        }
      };
    return AudioServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AudioServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AudioServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AudioServiceBlockingV2Stub>() {
        @java.lang.Override
        public AudioServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AudioServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AudioServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AudioServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AudioServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AudioServiceBlockingStub>() {
        @java.lang.Override
        public AudioServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AudioServiceBlockingStub(channel, callOptions);
        }
      };
    return AudioServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AudioServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AudioServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AudioServiceFutureStub>() {
        @java.lang.Override
        public AudioServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AudioServiceFutureStub(channel, callOptions);
        }
      };
    return AudioServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Transcribes a recording. The first request carries the configuration, every
     * later one the next bytes; events come as the provider hears.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.ringmain.v1.TranscribeRequest> transcribe(
        io.grpc.stub.StreamObserver<io.ringmain.v1.TranscribeEvent> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getTranscribeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Speaks a text.
     * </pre>
     */
    default void speak(io.ringmain.v1.SpeakRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.SpeakEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSpeakMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AudioService.
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public static abstract class AudioServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AudioServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AudioService.
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public static final class AudioServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AudioServiceStub> {
    private AudioServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AudioServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AudioServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Transcribes a recording. The first request carries the configuration, every
     * later one the next bytes; events come as the provider hears.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.ringmain.v1.TranscribeRequest> transcribe(
        io.grpc.stub.StreamObserver<io.ringmain.v1.TranscribeEvent> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getTranscribeMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Speaks a text.
     * </pre>
     */
    public void speak(io.ringmain.v1.SpeakRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.SpeakEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSpeakMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AudioService.
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public static final class AudioServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AudioServiceBlockingV2Stub> {
    private AudioServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AudioServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AudioServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Transcribes a recording. The first request carries the configuration, every
     * later one the next bytes; events come as the provider hears.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.ringmain.v1.TranscribeRequest, io.ringmain.v1.TranscribeEvent>
        transcribe() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getTranscribeMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Speaks a text.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.ringmain.v1.SpeakEvent>
        speak(io.ringmain.v1.SpeakRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSpeakMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AudioService.
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public static final class AudioServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AudioServiceBlockingStub> {
    private AudioServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AudioServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AudioServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Speaks a text.
     * </pre>
     */
    public java.util.Iterator<io.ringmain.v1.SpeakEvent> speak(
        io.ringmain.v1.SpeakRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSpeakMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AudioService.
   * <pre>
   * Speech to text and text to speech.
   * </pre>
   */
  public static final class AudioServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AudioServiceFutureStub> {
    private AudioServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AudioServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AudioServiceFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_SPEAK = 0;
  private static final int METHODID_TRANSCRIBE = 1;

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
        case METHODID_SPEAK:
          serviceImpl.speak((io.ringmain.v1.SpeakRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.SpeakEvent>) responseObserver);
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
        case METHODID_TRANSCRIBE:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.transcribe(
              (io.grpc.stub.StreamObserver<io.ringmain.v1.TranscribeEvent>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getTranscribeMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.TranscribeRequest,
              io.ringmain.v1.TranscribeEvent>(
                service, METHODID_TRANSCRIBE)))
        .addMethod(
          getSpeakMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.SpeakRequest,
              io.ringmain.v1.SpeakEvent>(
                service, METHODID_SPEAK)))
        .build();
  }

  private static abstract class AudioServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AudioServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.ringmain.v1.AudioServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AudioService");
    }
  }

  private static final class AudioServiceFileDescriptorSupplier
      extends AudioServiceBaseDescriptorSupplier {
    AudioServiceFileDescriptorSupplier() {}
  }

  private static final class AudioServiceMethodDescriptorSupplier
      extends AudioServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AudioServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (AudioServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AudioServiceFileDescriptorSupplier())
              .addMethod(getTranscribeMethod())
              .addMethod(getSpeakMethod())
              .build();
        }
      }
    }
    return result;
  }
}
