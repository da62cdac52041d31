// IP addresses and CIDR blocks, as `ipBlock` of a NetworkPolicy writes them.
//
// Kept as sixteen bytes and a family; a block of one family contains no address of the other. Bits
// behind the prefix are cleared ("192.168.1.1/24" is an example of the API reference). Refused,
// since readers disagree about them: leading zeros in IPv4 ("010.0.0.1") and zones
// ("fe80::1%eth0"). An IPv4 address that is mapped into IPv6 stays an IPv6 address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudlab::policy::network {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< Of IPv4 the first four.

  static std::optional<IpAddress> Parse(std::string_view text);

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

class IpBlock {
 public:
  /// An address, a slash and the length of the prefix.
  static std::optional<IpBlock> Parse(std::string_view cidr);
  /// The same, or an address for a block of it alone.
  static std::optional<IpBlock> ParseWithAddress(std::string_view text);

  bool Contains(const IpAddress& address) const;
  /// True if `block` is a smaller part of this one.
  bool HasInside(const IpBlock& block) const;
  /// True if no host of the internet has one of its addresses (RFC 6890): private networks,
  /// link-local and loopback addresses.
  bool IsPrivate() const;
  /// True for 0.0.0.0/0.
  bool IsAllOfIpv4() const { return !base_.v6 && bits_ == 0; }

 private:
  IpAddress base_;
  int bits_ = 0;
};

}  // namespace cloudlab::policy::network
