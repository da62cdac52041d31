// Network addresses in a text: what a program would connect to if it were given that text.
//
// Found are URLs (also JDBC's and those with user and password), `host:port` alone, in lists and in
// parentheses, with several ports (`zk:2888:3888`), names of SRV records (`_grpc._tcp.cart`), pairs
// of a connection string (`Host=db;Port=5432`), and words that may be host names. Whether a word is
// one, only those who know the stream can tell (directory.hpp); here its shape is told. Left out:
// addresses of the own pod (localhost, 0.0.0.0, `:8080`), file names, image names, and variables
// that nobody replaced.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cloudlab::policy::network {

struct Address {
  enum class Shape : std::uint8_t {
    kUrl,       ///< `http://cart:8080/x`
    kHostPort,  ///< `cart:8080`, `_grpc._tcp.cart`
    kPair,      ///< `host=cart` in a connection string
    kSpaced,    ///< `cart 8080`: a port, if the host has it; else a word and a number.
    kWhole,     ///< The text is nothing but a word.
    kWord,      ///< A word among others.
  };
  Shape shape = Shape::kWord;
  std::string_view host;  ///< As written, without brackets; a part of the text.
  std::optional<std::uint16_t> port;
  std::string_view scheme;          ///< Of a URL: "http", or of JDBC "postgresql".
  std::string_view port_name = {};  ///< Of a SRV record: the port's name.
};

/// The addresses in `text`, in its order.
std::vector<Address> FindAddresses(std::string_view text);

/// The port that a URL of `scheme` means if it names none (RFC 3986 leaves it to each scheme;
/// IANA's registry, and the documentation of the databases).
std::optional<std::uint16_t> DefaultPort(std::string_view scheme);

/// True if `host` is written as an IPv4 or IPv6 address.
bool IsIpAddress(std::string_view host);
/// True if only the own pod is meant: localhost, 127.0.0.0/8, ::1, and the unspecified addresses.
bool IsLocal(std::string_view host);

}  // namespace cloudlab::policy::network
