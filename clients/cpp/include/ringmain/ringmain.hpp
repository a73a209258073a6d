// The Ringmain client, whole: include this, link ringmain::ringmain.
//
//     ringmain::Options options;
//     options.model = "sandbox/chat";
//     const ringmain::Client client(options);
//     for (const auto& event : client.stream_chat("Tell me more")) std::cout << ringmain::text(event) << std::flush;
#pragma once

#include "ringmain/answer.hpp"
#include "ringmain/client.hpp"
#include "ringmain/error.hpp"
#include "ringmain/media.hpp"
#include "ringmain/options.hpp"
#include "ringmain/stream.hpp"
#include "ringmain/tools.hpp"
