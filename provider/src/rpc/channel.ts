/** What every gRPC channel of the provider shares. */

/** No size limit, as in the engine: a large policy makes a large message. */
export const channelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
} as const;
