// The expected texts are apimachinery's own answers (v0.34.4, ParseQuantity and String).
#include "kube/quantity.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

Quantity Q(std::string_view text) {
  const auto quantity = Quantity::Parse(text);
  INFO(text);
  REQUIRE(quantity.has_value());
  return *quantity;
}

TEST_CASE("quantities print in canonical form", "[kube][quantity]") {
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr auto kCases = std::to_array<Pair>({
      {"0", "0"},
      {"0m", "0"},
      {"000", "0"},
      {"5", "5"},
      {"007", "7"},
      {"+1", "1"},
      {"-1", "-1"},
      {"1.", "1"},
      {".5", "500m"},
      {"0.5", "500m"},
      {"1.5", "1500m"},
      {"100m", "100m"},
      {"1000m", "1"},
      {"1500m", "1500m"},
      {"0.0001", "100u"},
      {"0.000000001", "1n"},
      {"0.0000000001", "1n"},
      {"0.1n", "1n"},
      {"-0.5n", "-1n"},
      {"1000", "1k"},
      {"1500k", "1500k"},
      {"12.50M", "12500k"},
      {"1000000", "1M"},
      {"1024", "1024"},
      {"1Ki", "1Ki"},
      {"1024Ki", "1Mi"},
      {"1.5Gi", "1536Mi"},
      {"0.5Gi", "512Mi"},
      {"0.5Ki", "512"},
      {"0.1Ki", "102400m"},
      {"1.1Mi", "1153433600m"},
      {"-1024Mi", "-1Gi"},
      {"1e3", "1e3"},
      {"1E3", "1e3"},
      {"1e-3", "1e-3"},
      {"12e4", "120e3"},
      {"1.5e3", "1500"},
      {"1e+2", "100"},
      {"1E", "1E"},
      {"7Ei", "7Ei"},
      {"9223372036854775807", "9223372036854775807"},
      {"0.50000000000000000000000000000000000000000000000", "500m"},
  });
  for (const auto& [text, printed] : kCases) {
    INFO(text);
    CHECK(Q(text).Print() == printed);
    CHECK(Q(printed) == Q(text));
  }
}

TEST_CASE("what is no quantity is refused", "[kube][quantity]") {
  for (const std::string_view text : {"",
                                      " ",
                                      "+",
                                      "-",
                                      ".",
                                      "m",
                                      "Ki",
                                      "1 ",
                                      " 1",
                                      "1K",
                                      "1mi",
                                      "1KI",
                                      "1i",
                                      "1e",
                                      "1ee3",
                                      "1e1.5",
                                      "1Kie3",
                                      "1mm",
                                      "1m5",
                                      "1..2",
                                      "1.2.3",
                                      "--1",
                                      "+-1",
                                      "0x10",
                                      "1_0",
                                      "1,5",
                                      "100%",
                                      "{{ .Values.cpu }}",
                                      "1e99",
                                      "8Ei",
                                      "9223372036854775808",
                                      "10E",
                                      "1e1000000000000"}) {
    INFO(text);
    CHECK_FALSE(Quantity::Parse(text).has_value());
  }
}

TEST_CASE("quantities compare by value", "[kube][quantity]") {
  CHECK(Q("0.5") == Q("500m"));
  CHECK(Q("1Gi") == Q("1073741824"));
  CHECK(Q("1e3") == Q("1k"));
  CHECK(Q("1G") < Q("1Gi"));
  CHECK(Q("999m") < Q("1"));
  CHECK(Q("-1") < Q("0"));
  CHECK(Q("1000000001n") > Q("1"));
}

TEST_CASE("arithmetic is exact and keeps the format of the first that is not zero",
          "[kube][quantity]") {
  CHECK((Q("1Gi") + Q("512Mi")).Print() == "1536Mi");
  CHECK((Q("0") + Q("1Gi")).Print() == "1Gi");
  CHECK((Q("100m") + Q("0.9")).Print() == "1");
  CHECK((Q("1Gi") + Q("1")).Print() == "1073741825");
  CHECK((Q("1") - Q("250m")).Print() == "750m");
  CHECK((Q("1Gi") - Q("1Gi")).IsZero());
  CHECK((Q("1") - Q("2")).IsNegative());
  Quantity sum;
  for (int i = 0; i < 10; ++i) sum += Q("0.1");
  CHECK(sum == Q("1"));
  const Quantity most = Q("9223372036854775807");
  CHECK((most + most).Print() == "18446744073709551614");
}

TEST_CASE("a scalar is read as its YAML reader would", "[kube][quantity]") {
  const TestStream stream(
      "kind: T\na: 500m\nb: \"1\"\nc: 1.5\nd: 010\ne: '010'\nf: [1]\ng:\nh: 1_0\ni: 0\n");
  const yaml::NodeView root = stream.only().root;
  CHECK(ReadQuantity(root.Find("a")) == Q("500m"));
  CHECK(ReadQuantity(root.Find("b")) == Q("1"));
  CHECK(ReadQuantity(root.Find("c")) == Q("1500m"));
  CHECK_FALSE(ReadQuantity(root.Find("d")).has_value());  // YAML reads eight.
  CHECK(ReadQuantity(root.Find("e")) == Q("10"));
  CHECK_FALSE(ReadQuantity(root.Find("f")).has_value());
  CHECK_FALSE(ReadQuantity(root.Find("g")).has_value());
  CHECK_FALSE(ReadQuantity(root.Find("h")).has_value());
  CHECK(ReadQuantity(root.Find("i")) == Q("0"));
  CHECK_FALSE(ReadQuantity(root.Find("missing")).has_value());
}

TEST_CASE("whole numbers of a quantity, and multiples", "[kube][quantity]") {
  const auto q = [](const char* text) { return Quantity::Parse(text).value(); };
  CHECK(q("1Gi").Whole() == 1073741824);
  CHECK(q("1500m").Whole() == 2);
  CHECK(q("-1500m").Whole() == -2);
  CHECK(q("1500m").Milli() == 1500);
  CHECK(q("1u").Milli() == 1);
  CHECK(q("0").Milli() == 0);
  CHECK(q("9223372036854775807").Milli() == 9223372036854775807);
  CHECK(q("150m").Times(3) == q("450m"));
  CHECK(q("1Gi").Times(0).IsZero());
  CHECK(q("9223372036854775807").Times(4).Whole() == 9223372036854775807);
  CHECK(q("512Mi").Times(2).Print() == "1Gi");
}

}  // namespace
}  // namespace cloudlab::kube
