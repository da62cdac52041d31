#include "kube/version.hpp"

#include <catch2/catch.hpp>

namespace cloudlab::kube {
namespace {

TEST_CASE("versions parse as people and servers write them", "[kube][version]") {
  CHECK(Version::Parse("1.32") == Version{1, 32, 0});
  CHECK(Version::Parse("v1.34.1") == Version{1, 34, 1});
  CHECK(Version::Parse("v1.31.4+k3s1") == Version{1, 31, 4});
  CHECK(Version::Parse("1.33.0-rc.1") == Version{1, 33, 0});
  CHECK(Version::Parse("1.32+") == Version{1, 32, 0});
  for (const char* text : {"", "1", "v1", "1.", "1.x", "one.two", "1.2.3.4", "-1.2", "1.-2",
                           "1.32 ", "1.32x", "1.123456789"}) {
    INFO(text);
    CHECK_FALSE(Version::Parse(text).has_value());
  }
}

TEST_CASE("versions compare and print", "[kube][version]") {
  CHECK(Version{1, 28, 9} < Version{1, 29, 0});
  CHECK(Version{1, 9, 0} < Version{1, 29, 0});
  CHECK(Version{1, 34, 1} > Version{1, 34, 0});
  CHECK(Version{1, 34, 0}.Print() == "1.34");
  CHECK(Version{1, 34, 1}.Print() == "1.34.1");
}

}  // namespace
}  // namespace cloudlab::kube
