/** The client. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Client as GrpcClient } from "@grpc/grpc-js";
import { Answer } from "./answer.js";
import {
  type ConnectionOptions,
  channelCredentials,
  channelOptions,
  DEFAULT_MAX_MESSAGE_BYTES,
  DEFAULT_TARGET,
  TARGET_VARIABLE,
} from "./channel.js";
import { NotFound } from "./errors.js";
import { AdminService } from "./gen/ringmain/admin/v1/admin_service_pb.js";
import { AudioService } from "./gen/ringmain/v1/audio_service_pb.js";
import {
  type ChatEvent,
  ChatService,
  type CountTokensResponse,
  type EstimateCostResponse,
} from "./gen/ringmain/v1/chat_service_pb.js";
import {
  EmbeddingService,
  type EmbedRequestSchema,
  type EmbedResponse,
} from "./gen/ringmain/v1/embedding_service_pb.js";
import {
  type GenerateImagesRequestSchema,
  type GenerateImagesResponse,
  ImageService,
  type StreamImagesRequestSchema,
} from "./gen/ringmain/v1/image_service_pb.js";
import {
  Capability,
  type GetServerInfoResponse,
  type Model,
  ModelService,
} from "./gen/ringmain/v1/model_service_pb.js";
import { UsageService } from "./gen/ringmain/v1/usage_service_pb.js";
import { type AnalyzeImagesRequestSchema, VisionService } from "./gen/ringmain/v1/vision_service_pb.js";
import { checkHealth } from "./health.js";
import { type ChatOptions, chatRequest, type Prompt } from "./request.js";
import { ChatStream, ImageStream } from "./stream.js";
import { type CallOptions, type Defaults, type Headers, type Stub, stubOf } from "./stub.js";
import { type TokenSource, Tokens } from "./tokens.js";

/** How to connect and call. */
export interface ClientOptions extends ConnectionOptions {
  /** The model of calls that name none. */
  model?: string | undefined;
  /** Milliseconds that a call may take when it names no timeout. Unset means no end. */
  timeoutMs?: number | undefined;
  /**
   * The token or API key, sent with every call as `authorization: Bearer`. Without TLS it travels readable. For tokens
   * that end, a function that gives one; a call that gets none fails with Unauthenticated, whose cause is what the
   * function threw.
   */
  token?: string | TokenSource | undefined;
  /** Sent with every call. */
  metadata?: Headers | undefined;
}

/** What a model can do, such as `vision` and `tools`. */
export type CapabilityName = Exclude<Lowercase<keyof typeof Capability>, "unspecified">;

/** The contract's services as they are generated, over the client's connection, with its token and timeout. */
export interface Stubs {
  readonly admin: Stub<typeof AdminService>;
  readonly audio: Stub<typeof AudioService>;
  readonly chat: Stub<typeof ChatService>;
  readonly embedding: Stub<typeof EmbeddingService>;
  readonly image: Stub<typeof ImageService>;
  readonly model: Stub<typeof ModelService>;
  readonly usage: Stub<typeof UsageService>;
  readonly vision: Stub<typeof VisionService>;
}

/** A client of the gateway. It connects with its first call; close it, or the process may wait for it. */
export class Client {
  /** The contract's services, every method of them. */
  readonly stubs: Stubs;
  readonly #grpc: GrpcClient;
  readonly #model: string;
  readonly #defaults: Defaults;

  /**
   * @param target The gateway's address in any form that gRPC takes, such as `host:port` or `dns:///gateway:50051`.
   *   Default: the environment's `RINGMAIN_TARGET`, else `127.0.0.1:50051`. With several addresses behind one name,
   *   calls take turns among them.
   */
  constructor(target?: string, options: ClientOptions = {}) {
    const { model = "", timeoutMs = Number.POSITIVE_INFINITY, token, metadata = {} } = options;
    this.#model = model;
    this.#defaults = {
      timeoutMs,
      maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      waitForReady: options.waitForReady ?? false,
      metadata: typeof token === "string" ? { authorization: `Bearer ${token}`, ...metadata } : metadata,
      tokens: typeof token === "function" ? new Tokens(token) : undefined,
    };
    this.#grpc = new GrpcClient(
      target || process.env[TARGET_VARIABLE] || DEFAULT_TARGET,
      channelCredentials(options),
      channelOptions(options),
    );
    this.stubs = {
      admin: stubOf(AdminService, this.#grpc, this.#defaults),
      audio: stubOf(AudioService, this.#grpc, this.#defaults),
      chat: stubOf(ChatService, this.#grpc, this.#defaults),
      embedding: stubOf(EmbeddingService, this.#grpc, this.#defaults),
      image: stubOf(ImageService, this.#grpc, this.#defaults),
      model: stubOf(ModelService, this.#grpc, this.#defaults),
      usage: stubOf(UsageService, this.#grpc, this.#defaults),
      vision: stubOf(VisionService, this.#grpc, this.#defaults),
    };
  }

  /** Returns the answer to a question or conversation. */
  async chat(prompt: Prompt, options: ChatOptions = {}): Promise<Answer> {
    return new Answer(await this.stubs.chat.chat(await this.#request(prompt, options), options));
  }

  /** Answers a question or conversation as it is written. The timeout is for the whole stream. */
  stream(prompt: Prompt, options: ChatOptions = {}): ChatStream {
    return new ChatStream(this.#events(prompt, options));
  }

  async *#events(prompt: Prompt, options: ChatOptions): AsyncGenerator<ChatEvent, void, undefined> {
    yield* this.stubs.chat.streamChat(await this.#request(prompt, options), options);
  }

  /** Returns how many tokens a request has, without sending it to a model. */
  async countTokens(prompt: Prompt, options: ChatOptions = {}): Promise<CountTokensResponse> {
    return this.stubs.chat.countTokens({ chat: await this.#request(prompt, options) }, options);
  }

  /** Returns what a request would cost at least and at most, without sending it to a model. */
  async estimateCost(prompt: Prompt, options: ChatOptions = {}): Promise<EstimateCostResponse> {
    return this.stubs.chat.estimateCost({ chat: await this.#request(prompt, options) }, options);
  }

  /** Answers a question about images. */
  async analyzeImages(
    request: MessageInitShape<typeof AnalyzeImagesRequestSchema>,
    options?: CallOptions,
  ): Promise<Answer> {
    return new Answer(await this.stubs.vision.analyzeImages(this.#named(request), options));
  }

  /** Answers a question about images as it is written. */
  streamAnalyzeImages(
    request: MessageInitShape<typeof AnalyzeImagesRequestSchema>,
    options?: CallOptions,
  ): ChatStream {
    return new ChatStream(this.stubs.vision.streamAnalyzeImages(this.#named(request), options));
  }

  /** Draws images and returns them whole; `save` writes one to a file. */
  generateImages(
    request: MessageInitShape<typeof GenerateImagesRequestSchema>,
    options?: CallOptions,
  ): Promise<GenerateImagesResponse> {
    return this.stubs.image.generateImages(this.#named(request), options);
  }

  /** Draws or changes images, with previews and bytes as they come. The request must name its model. */
  streamImages(
    request: MessageInitShape<typeof StreamImagesRequestSchema>,
    options?: CallOptions,
  ): ImageStream {
    return new ImageStream(this.stubs.image.streamImages(request, options));
  }

  /** Turns texts and media into vectors. */
  embed(request: MessageInitShape<typeof EmbedRequestSchema>, options?: CallOptions): Promise<EmbedResponse> {
    return this.stubs.embedding.embed(this.#named(request), options);
  }

  /** Yields the models that have all of the given capabilities, by name. */
  async *models(
    capabilities: readonly CapabilityName[] = [],
    options?: CallOptions,
  ): AsyncGenerator<Model, void, undefined> {
    const wanted = capabilities.map(capabilityOf);
    let pageToken = "";
    do {
      const page = await this.stubs.model.listModels({ capabilities: wanted, pageToken }, options);
      yield* page.models;
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  /** Returns one model. */
  async model(model: string, options?: CallOptions): Promise<Model> {
    const response = await this.stubs.model.getModel({ model }, options);
    if (!response.model) throw new NotFound("the gateway named no model");
    return response.model;
  }

  /** Returns what server the gateway is, what it serves and how large a request may be. */
  serverInfo(options?: CallOptions): Promise<GetServerInfoResponse> {
    return this.stubs.model.getServerInfo({}, options);
  }

  /** Returns `SERVING`, `NOT_SERVING` or `UNKNOWN`, for the gateway, `readiness`, `liveness` or a service. */
  health(service = "", options?: CallOptions): Promise<string> {
    return checkHealth(this.#grpc, this.#defaults, service, options);
  }

  /** Closes the connection once what runs on it has ended. */
  close(): void {
    this.#grpc.close();
  }

  #request(prompt: Prompt, options: ChatOptions) {
    return chatRequest(prompt, { ...options, model: options.model || this.#model });
  }

  #named<T extends { model?: string }>(request: T): T {
    return request.model || !this.#model ? request : { ...request, model: this.#model };
  }
}

function capabilityOf(name: CapabilityName): Capability {
  const known = Capability[name.toUpperCase() as keyof typeof Capability];
  if (known === undefined) throw new TypeError(`unknown capability ${JSON.stringify(name)}`);
  return known;
}
