/** The contract: messages, enums and services of `ringmain.v1`. */

export * from "./gen/ringmain/v1/attribution_pb.js";
export * from "./gen/ringmain/v1/audio_service_pb.js";
export * from "./gen/ringmain/v1/chat_service_pb.js";
export * from "./gen/ringmain/v1/content_pb.js";
export * from "./gen/ringmain/v1/embedding_service_pb.js";
export * from "./gen/ringmain/v1/error_reason_pb.js";
export * from "./gen/ringmain/v1/generation_pb.js";
export * from "./gen/ringmain/v1/image_service_pb.js";
export * from "./gen/ringmain/v1/model_service_pb.js";
export * from "./gen/ringmain/v1/routing_pb.js";
export * from "./gen/ringmain/v1/usage_pb.js";
export * from "./gen/ringmain/v1/usage_service_pb.js";
export * from "./gen/ringmain/v1/vision_service_pb.js";
