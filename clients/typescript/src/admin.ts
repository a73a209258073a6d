/** The contract for operators: messages, enums and the service of `ringmain.admin.v1`. */

export * from "./gen/ringmain/admin/v1/admin_service_pb.js";
