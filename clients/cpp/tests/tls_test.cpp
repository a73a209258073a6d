// TLS and mutual TLS, with a certificate made for the test.
#include <gtest/gtest.h>

#include "fake.hpp"

namespace {

std::string pem(const std::string& name) {
  return ringmain::media_from_file(std::string(RINGMAIN_TEST_KEYS) + "/" + name).data();
}

std::shared_ptr<grpc::ServerCredentials> server_credentials(bool mutual) {
  grpc::SslServerCredentialsOptions options(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs.push_back({pem("key.pem"), pem("certificate.pem")});
  if (mutual) options.pem_root_certs = pem("certificate.pem");
  return grpc::SslServerCredentials(options);
}

ringmain::Options options_for(const fake::Gateway& gateway) {
  ringmain::Options options;
  options.target = gateway.target();
  options.max_attempts = 1;
  options.tls.emplace();
  options.tls->roots_pem = pem("certificate.pem");
  options.tls->server_name = "gateway.example";
  return options;
}

// A gateway with a certificate of a known authority is talked to; any other name, or plain text, is UNAVAILABLE.
TEST(Tls, ServerCertificate) {
  const fake::Gateway gateway({}, "127.0.0.1:0", server_credentials(false));
  ringmain::Options options = options_for(gateway);
  EXPECT_EQ(ringmain::text(*ringmain::Client(options).chat("Hi")), "ok");
  options.tls->server_name = "other.example";
  EXPECT_THROW(ringmain::Client(options).chat("Hi"), ringmain::Error);
  options.tls.reset();
  EXPECT_THROW(ringmain::Client(options).chat("Hi"), ringmain::Error);
}

// A gateway that asks for the client's certificate gets it.
TEST(Tls, ClientCertificate) {
  const fake::Gateway gateway({}, "127.0.0.1:0", server_credentials(true));
  ringmain::Options options = options_for(gateway);
  EXPECT_THROW(ringmain::Client(options).chat("Hi"), ringmain::Error);
  options.tls->certificate_chain_pem = pem("certificate.pem");
  options.tls->private_key_pem = pem("key.pem");
  EXPECT_EQ(ringmain::text(*ringmain::Client(options).chat("Hi")), "ok");
}

}  // namespace
