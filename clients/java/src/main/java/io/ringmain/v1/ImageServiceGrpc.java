package io.ringmain.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Images from words, and changed images.
 * Whole responses carry images inline and may be larger than the 4 MiB that
 * most gRPC clients accept by default: raise the client's limit, or call
 * StreamImages, which sends bytes in pieces of at most 256 KiB.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ImageServiceGrpc {

  private ImageServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "ringmain.v1.ImageService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.GenerateImagesRequest,
      io.ringmain.v1.GenerateImagesResponse> getGenerateImagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GenerateImages",
      requestType = io.ringmain.v1.GenerateImagesRequest.class,
      responseType = io.ringmain.v1.GenerateImagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.GenerateImagesRequest,
      io.ringmain.v1.GenerateImagesResponse> getGenerateImagesMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.GenerateImagesRequest, io.ringmain.v1.GenerateImagesResponse> getGenerateImagesMethod;
    if ((getGenerateImagesMethod = ImageServiceGrpc.getGenerateImagesMethod) == null) {
      synchronized (ImageServiceGrpc.class) {
        if ((getGenerateImagesMethod = ImageServiceGrpc.getGenerateImagesMethod) == null) {
          ImageServiceGrpc.getGenerateImagesMethod = getGenerateImagesMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.GenerateImagesRequest, io.ringmain.v1.GenerateImagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GenerateImages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.GenerateImagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.GenerateImagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ImageServiceMethodDescriptorSupplier("GenerateImages"))
              .build();
        }
      }
    }
    return getGenerateImagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.StreamImagesRequest,
      io.ringmain.v1.ImageEvent> getStreamImagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamImages",
      requestType = io.ringmain.v1.StreamImagesRequest.class,
      responseType = io.ringmain.v1.ImageEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.StreamImagesRequest,
      io.ringmain.v1.ImageEvent> getStreamImagesMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.StreamImagesRequest, io.ringmain.v1.ImageEvent> getStreamImagesMethod;
    if ((getStreamImagesMethod = ImageServiceGrpc.getStreamImagesMethod) == null) {
      synchronized (ImageServiceGrpc.class) {
        if ((getStreamImagesMethod = ImageServiceGrpc.getStreamImagesMethod) == null) {
          ImageServiceGrpc.getStreamImagesMethod = getStreamImagesMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.StreamImagesRequest, io.ringmain.v1.ImageEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamImages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.StreamImagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.ImageEvent.getDefaultInstance()))
              .setSchemaDescriptor(new ImageServiceMethodDescriptorSupplier("StreamImages"))
              .build();
        }
      }
    }
    return getStreamImagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.EditImagesRequest,
      io.ringmain.v1.EditImagesResponse> getEditImagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EditImages",
      requestType = io.ringmain.v1.EditImagesRequest.class,
      responseType = io.ringmain.v1.EditImagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.EditImagesRequest,
      io.ringmain.v1.EditImagesResponse> getEditImagesMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.EditImagesRequest, io.ringmain.v1.EditImagesResponse> getEditImagesMethod;
    if ((getEditImagesMethod = ImageServiceGrpc.getEditImagesMethod) == null) {
      synchronized (ImageServiceGrpc.class) {
        if ((getEditImagesMethod = ImageServiceGrpc.getEditImagesMethod) == null) {
          ImageServiceGrpc.getEditImagesMethod = getEditImagesMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.EditImagesRequest, io.ringmain.v1.EditImagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EditImages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.EditImagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.EditImagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ImageServiceMethodDescriptorSupplier("EditImages"))
              .build();
        }
      }
    }
    return getEditImagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.UpscaleImageRequest,
      io.ringmain.v1.UpscaleImageResponse> getUpscaleImageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpscaleImage",
      requestType = io.ringmain.v1.UpscaleImageRequest.class,
      responseType = io.ringmain.v1.UpscaleImageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.UpscaleImageRequest,
      io.ringmain.v1.UpscaleImageResponse> getUpscaleImageMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.UpscaleImageRequest, io.ringmain.v1.UpscaleImageResponse> getUpscaleImageMethod;
    if ((getUpscaleImageMethod = ImageServiceGrpc.getUpscaleImageMethod) == null) {
      synchronized (ImageServiceGrpc.class) {
        if ((getUpscaleImageMethod = ImageServiceGrpc.getUpscaleImageMethod) == null) {
          ImageServiceGrpc.getUpscaleImageMethod = getUpscaleImageMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.UpscaleImageRequest, io.ringmain.v1.UpscaleImageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpscaleImage"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.UpscaleImageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.UpscaleImageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ImageServiceMethodDescriptorSupplier("UpscaleImage"))
              .build();
        }
      }
    }
    return getUpscaleImageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.ringmain.v1.InspectImageRequest,
      io.ringmain.v1.InspectImageResponse> getInspectImageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "InspectImage",
      requestType = io.ringmain.v1.InspectImageRequest.class,
      responseType = io.ringmain.v1.InspectImageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.ringmain.v1.InspectImageRequest,
      io.ringmain.v1.InspectImageResponse> getInspectImageMethod() {
    io.grpc.MethodDescriptor<io.ringmain.v1.InspectImageRequest, io.ringmain.v1.InspectImageResponse> getInspectImageMethod;
    if ((getInspectImageMethod = ImageServiceGrpc.getInspectImageMethod) == null) {
      synchronized (ImageServiceGrpc.class) {
        if ((getInspectImageMethod = ImageServiceGrpc.getInspectImageMethod) == null) {
          ImageServiceGrpc.getInspectImageMethod = getInspectImageMethod =
              io.grpc.MethodDescriptor.<io.ringmain.v1.InspectImageRequest, io.ringmain.v1.InspectImageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "InspectImage"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.InspectImageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.ringmain.v1.InspectImageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ImageServiceMethodDescriptorSupplier("InspectImage"))
              .build();
        }
      }
    }
    return getInspectImageMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ImageServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ImageServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ImageServiceStub>() {
        @java.lang.Override
        public ImageServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ImageServiceStub(channel, callOptions);
        }
      };
    return ImageServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ImageServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ImageServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ImageServiceBlockingV2Stub>() {
        @java.lang.Override
        public ImageServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ImageServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ImageServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ImageServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ImageServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ImageServiceBlockingStub>() {
        @java.lang.Override
        public ImageServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ImageServiceBlockingStub(channel, callOptions);
        }
      };
    return ImageServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ImageServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ImageServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ImageServiceFutureStub>() {
        @java.lang.Override
        public ImageServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ImageServiceFutureStub(channel, callOptions);
        }
      };
    return ImageServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Makes images from a description.
     * </pre>
     */
    default void generateImages(io.ringmain.v1.GenerateImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.GenerateImagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGenerateImagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes or changes images and sends previews and bytes as they come.
     * Folding the events, previews left out, gives the response that
     * GenerateImages or EditImages would have returned.
     * </pre>
     */
    default void streamImages(io.ringmain.v1.StreamImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ImageEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamImagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes images as described: within a mask, beyond the border, or in a style.
     * </pre>
     */
    default void editImages(io.ringmain.v1.EditImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.EditImagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEditImagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Enlarges an image.
     * </pre>
     */
    default void upscaleImage(io.ringmain.v1.UpscaleImageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.UpscaleImageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpscaleImageMethod(), responseObserver);
    }

    /**
     * <pre>
     * Says what an image file holds, without a model unless asked to classify.
     * </pre>
     */
    default void inspectImage(io.ringmain.v1.InspectImageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.InspectImageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getInspectImageMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ImageService.
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public static abstract class ImageServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ImageServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ImageService.
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public static final class ImageServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ImageServiceStub> {
    private ImageServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ImageServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ImageServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes images from a description.
     * </pre>
     */
    public void generateImages(io.ringmain.v1.GenerateImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.GenerateImagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGenerateImagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes or changes images and sends previews and bytes as they come.
     * Folding the events, previews left out, gives the response that
     * GenerateImages or EditImages would have returned.
     * </pre>
     */
    public void streamImages(io.ringmain.v1.StreamImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.ImageEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamImagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes images as described: within a mask, beyond the border, or in a style.
     * </pre>
     */
    public void editImages(io.ringmain.v1.EditImagesRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.EditImagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEditImagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Enlarges an image.
     * </pre>
     */
    public void upscaleImage(io.ringmain.v1.UpscaleImageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.UpscaleImageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpscaleImageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Says what an image file holds, without a model unless asked to classify.
     * </pre>
     */
    public void inspectImage(io.ringmain.v1.InspectImageRequest request,
        io.grpc.stub.StreamObserver<io.ringmain.v1.InspectImageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getInspectImageMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ImageService.
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public static final class ImageServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ImageServiceBlockingV2Stub> {
    private ImageServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ImageServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ImageServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes images from a description.
     * </pre>
     */
    public io.ringmain.v1.GenerateImagesResponse generateImages(io.ringmain.v1.GenerateImagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGenerateImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes or changes images and sends previews and bytes as they come.
     * Folding the events, previews left out, gives the response that
     * GenerateImages or EditImages would have returned.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.ringmain.v1.ImageEvent>
        streamImages(io.ringmain.v1.StreamImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes images as described: within a mask, beyond the border, or in a style.
     * </pre>
     */
    public io.ringmain.v1.EditImagesResponse editImages(io.ringmain.v1.EditImagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEditImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Enlarges an image.
     * </pre>
     */
    public io.ringmain.v1.UpscaleImageResponse upscaleImage(io.ringmain.v1.UpscaleImageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpscaleImageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says what an image file holds, without a model unless asked to classify.
     * </pre>
     */
    public io.ringmain.v1.InspectImageResponse inspectImage(io.ringmain.v1.InspectImageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getInspectImageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ImageService.
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public static final class ImageServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ImageServiceBlockingStub> {
    private ImageServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ImageServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ImageServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes images from a description.
     * </pre>
     */
    public io.ringmain.v1.GenerateImagesResponse generateImages(io.ringmain.v1.GenerateImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGenerateImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes or changes images and sends previews and bytes as they come.
     * Folding the events, previews left out, gives the response that
     * GenerateImages or EditImages would have returned.
     * </pre>
     */
    public java.util.Iterator<io.ringmain.v1.ImageEvent> streamImages(
        io.ringmain.v1.StreamImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes images as described: within a mask, beyond the border, or in a style.
     * </pre>
     */
    public io.ringmain.v1.EditImagesResponse editImages(io.ringmain.v1.EditImagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEditImagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Enlarges an image.
     * </pre>
     */
    public io.ringmain.v1.UpscaleImageResponse upscaleImage(io.ringmain.v1.UpscaleImageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpscaleImageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says what an image file holds, without a model unless asked to classify.
     * </pre>
     */
    public io.ringmain.v1.InspectImageResponse inspectImage(io.ringmain.v1.InspectImageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getInspectImageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ImageService.
   * <pre>
   * Images from words, and changed images.
   * Whole responses carry images inline and may be larger than the 4 MiB that
   * most gRPC clients accept by default: raise the client's limit, or call
   * StreamImages, which sends bytes in pieces of at most 256 KiB.
   * </pre>
   */
  public static final class ImageServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ImageServiceFutureStub> {
    private ImageServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ImageServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ImageServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes images from a description.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.GenerateImagesResponse> generateImages(
        io.ringmain.v1.GenerateImagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGenerateImagesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes images as described: within a mask, beyond the border, or in a style.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.EditImagesResponse> editImages(
        io.ringmain.v1.EditImagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEditImagesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Enlarges an image.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.UpscaleImageResponse> upscaleImage(
        io.ringmain.v1.UpscaleImageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpscaleImageMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Says what an image file holds, without a model unless asked to classify.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.ringmain.v1.InspectImageResponse> inspectImage(
        io.ringmain.v1.InspectImageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getInspectImageMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GENERATE_IMAGES = 0;
  private static final int METHODID_STREAM_IMAGES = 1;
  private static final int METHODID_EDIT_IMAGES = 2;
  private static final int METHODID_UPSCALE_IMAGE = 3;
  private static final int METHODID_INSPECT_IMAGE = 4;

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
        case METHODID_GENERATE_IMAGES:
          serviceImpl.generateImages((io.ringmain.v1.GenerateImagesRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.GenerateImagesResponse>) responseObserver);
          break;
        case METHODID_STREAM_IMAGES:
          serviceImpl.streamImages((io.ringmain.v1.StreamImagesRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.ImageEvent>) responseObserver);
          break;
        case METHODID_EDIT_IMAGES:
          serviceImpl.editImages((io.ringmain.v1.EditImagesRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.EditImagesResponse>) responseObserver);
          break;
        case METHODID_UPSCALE_IMAGE:
          serviceImpl.upscaleImage((io.ringmain.v1.UpscaleImageRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.UpscaleImageResponse>) responseObserver);
          break;
        case METHODID_INSPECT_IMAGE:
          serviceImpl.inspectImage((io.ringmain.v1.InspectImageRequest) request,
              (io.grpc.stub.StreamObserver<io.ringmain.v1.InspectImageResponse>) responseObserver);
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
          getGenerateImagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.GenerateImagesRequest,
              io.ringmain.v1.GenerateImagesResponse>(
                service, METHODID_GENERATE_IMAGES)))
        .addMethod(
          getStreamImagesMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.ringmain.v1.StreamImagesRequest,
              io.ringmain.v1.ImageEvent>(
                service, METHODID_STREAM_IMAGES)))
        .addMethod(
          getEditImagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.EditImagesRequest,
              io.ringmain.v1.EditImagesResponse>(
                service, METHODID_EDIT_IMAGES)))
        .addMethod(
          getUpscaleImageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.UpscaleImageRequest,
              io.ringmain.v1.UpscaleImageResponse>(
                service, METHODID_UPSCALE_IMAGE)))
        .addMethod(
          getInspectImageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.ringmain.v1.InspectImageRequest,
              io.ringmain.v1.InspectImageResponse>(
                service, METHODID_INSPECT_IMAGE)))
        .build();
  }

  private static abstract class ImageServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ImageServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.ringmain.v1.ImageServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ImageService");
    }
  }

  private static final class ImageServiceFileDescriptorSupplier
      extends ImageServiceBaseDescriptorSupplier {
    ImageServiceFileDescriptorSupplier() {}
  }

  private static final class ImageServiceMethodDescriptorSupplier
      extends ImageServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ImageServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ImageServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ImageServiceFileDescriptorSupplier())
              .addMethod(getGenerateImagesMethod())
              .addMethod(getStreamImagesMethod())
              .addMethod(getEditImagesMethod())
              .addMethod(getUpscaleImageMethod())
              .addMethod(getInspectImageMethod())
              .build();
        }
      }
    }
    return result;
  }
}
