#include "policy/network/ip_block.hpp"

#include <catch2/catch.hpp>

namespace cloudlab::policy::network {
namespace {

TEST_CASE("IP addresses and blocks as they are written", "[policy][network]") {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::1", "1::", "1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:1.2.3.4",
                           "1:2:3:4:5:6:1.2.3.4", "ABCD::ef"}) {
    INFO(text);
    CHECK(IpAddress::Parse(text).has_value());
  }
  for (const char* text : {"",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.-4",
                           "1.2.3.4 ",
                           "a.b.c.d",
                           "1..2.3",
                           ":",
                           ":::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "1::2::3",
                           "12345::",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "fe80::1%eth0",
                           "[::1]",
                           "::g",
                           ":1::",
                           "1::2:"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::Parse(text).has_value());
  }
  CHECK(*IpAddress::Parse("::102:304") == *IpAddress::Parse("0:0::1.2.3.4"));
  CHECK_FALSE(*IpAddress::Parse("::") == *IpAddress::Parse("0.0.0.0"));
  for (const char* text : {"1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "/8",
                           "1.2.3.4/8/8", "1.2.3.4/255.0.0.0"}) {
    INFO(text);
    CHECK_FALSE(IpBlock::Parse(text).has_value());
  }
  const auto contains = [](const char* block, const char* address) {
    return IpBlock::Parse(block).value().Contains(IpAddress::Parse(address).value());
  };
  CHECK(contains("1.2.3.4/32", "1.2.3.4"));
  CHECK_FALSE(contains("1.2.3.4/32", "1.2.3.5"));
  CHECK(contains("1.2.3.4/31", "1.2.3.5"));
  CHECK(contains("128.0.0.0/1", "255.0.0.0"));
  CHECK_FALSE(contains("128.0.0.0/1", "127.255.255.255"));
  CHECK(contains("::/0", "ffff::"));
  CHECK_FALSE(contains("::/0", "1.2.3.4"));
  CHECK_FALSE(contains("0.0.0.0/0", "::ffff:1.2.3.4"));
  CHECK(contains("::1/128", "::1"));
}

}  // namespace
}  // namespace cloudlab::policy::network
