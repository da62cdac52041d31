#include "policy/sizing.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

namespace cloudlab::policy {
namespace {

std::optional<Amount> A(const char* text) {
  return text == nullptr ? std::nullopt : Amount::Parse(text);
}

/// "request/limit" as they will be written, `-` for what is not; or "error: ...".
std::string Written(const char* chart_request, const char* chart_limit, const char* request,
                    const char* limit, SizingRules rules = {}, const char* resource = "memory") {
  const Sizing sizing =
      Size(resource, {A(chart_request), A(chart_limit)}, {A(request), A(limit)}, rules);
  if (!sizing.error.empty()) return "error: " + sizing.error;
  const auto text = [](const std::optional<Amount>& amount) {
    return amount ? amount->text : std::string("-");
  };
  return text(sizing.write.request) + "/" + text(sizing.write.limit);
}

SizingRules Both(ConflictPolicy policy, OnInvalid on_invalid = OnInvalid::kRaiseLimit) {
  return {policy, policy, on_invalid};
}

TEST_CASE("Keep fills gaps", "[policy][sizing]") {
  CHECK(Written(nullptr, nullptr, "100Mi", "200Mi") == "100Mi/200Mi");
  CHECK(Written(nullptr, nullptr, "100Mi", nullptr) == "100Mi/-");
  CHECK(Written("50Mi", nullptr, "100Mi", "200Mi") == "-/200Mi");
  CHECK(Written("50Mi", "60Mi", "100Mi", "200Mi") == "-/-");
}

TEST_CASE("a limit alone is a request too", "[policy][sizing]") {
  // The API server sets the request to 1Gi; 100Mi would lower it.
  CHECK(Written(nullptr, "1Gi", "100Mi", "200Mi") == "-/-");
  CHECK(Written(nullptr, "1Gi", "2Gi", nullptr) == "-/-");
  CHECK(Written(nullptr, "1Gi", "100Mi", nullptr, Both(ConflictPolicy::kReplace)) == "100Mi/-");
  CHECK(Written(nullptr, "1Gi", "1Gi", nullptr, Both(ConflictPolicy::kReplace)) == "-/-");
  // The limit grows, the request shall stay: it has to be written now.
  CHECK(Written(nullptr, "1Gi", "100Mi", "2Gi",
                {ConflictPolicy::kKeep, ConflictPolicy::kReplace, OnInvalid::kRaiseLimit}) ==
        "1Gi/2Gi");
}

TEST_CASE("Replace, Merge, Max, Min, Fail", "[policy][sizing]") {
  CHECK(Written("50Mi", "60Mi", "100Mi", "200Mi", Both(ConflictPolicy::kReplace)) == "100Mi/200Mi");
  CHECK(Written("50Mi", "60Mi", "100Mi", "200Mi", Both(ConflictPolicy::kMerge)) == "100Mi/200Mi");
  CHECK(Written("500Mi", "600Mi", "100Mi", "700Mi", Both(ConflictPolicy::kMax)) == "-/700Mi");
  CHECK(Written("500Mi", "600Mi", "100Mi", "700Mi", Both(ConflictPolicy::kMin)) == "100Mi/-");
  CHECK(Written("50Mi", nullptr, "100Mi", nullptr, Both(ConflictPolicy::kFail)) ==
        "error: the request is 50Mi in the chart and 100Mi in the policy, and conflictPolicy is "
        "Fail");
  CHECK(Written("100Mi", nullptr, "0.1Gi", nullptr, Both(ConflictPolicy::kFail))
            .starts_with("error"));
}

TEST_CASE("equal values are not rewritten, however they are spelt", "[policy][sizing]") {
  CHECK(Written("0.5", "1000m", "500m", "1", Both(ConflictPolicy::kReplace), "cpu") == "-/-");
  CHECK(Written("1024Mi", nullptr, "1Gi", nullptr, Both(ConflictPolicy::kFail)) == "-/-");
}

TEST_CASE("what a run made of a conflict is none in the next", "[policy][sizing]") {
  const SizingRules fail = Both(ConflictPolicy::kFail);
  CHECK(Written("300Mi", nullptr, nullptr, "200Mi", fail) == "-/300Mi");
  CHECK(Written("300Mi", "300Mi", nullptr, "200Mi", fail) == "-/-");
  CHECK(Written("300Mi", "400Mi", nullptr, "200Mi", fail) ==
        "error: the limit is 400Mi in the chart and 200Mi in the policy, and conflictPolicy is "
        "Fail");
  const SizingRules clamp = Both(ConflictPolicy::kFail, OnInvalid::kClampRequest);
  CHECK(Written(nullptr, nullptr, "300Mi", "200Mi", clamp) == "200Mi/200Mi");
  CHECK(Written("200Mi", "200Mi", "300Mi", "200Mi", clamp) == "-/-");
}

TEST_CASE("a limit that would be raised to what it is stays as it is spelt", "[policy][sizing]") {
  const Sizing sizing = Size("memory", {A("1Gi"), A("1024Mi")}, {A("1Gi"), A("512Mi")},
                             Both(ConflictPolicy::kReplace));
  CHECK_FALSE(sizing.write.limit);
  CHECK(sizing.note == Sizing::Note::kNone);
  CHECK(Written("1024Mi", "1Gi", "2Gi", nullptr,
                Both(ConflictPolicy::kReplace, OnInvalid::kClampRequest)) == "-/-");
}

TEST_CASE("what a policy wants and finds is claimed, what it keeps is not", "[policy][sizing]") {
  const auto claims = [](ConflictPolicy policy) {
    const Sizing sizing = Size("cpu", {A("250m"), A("1")}, {A("0.25"), A("1000m")}, Both(policy));
    return std::pair(sizing.claims_request, sizing.claims_limit);
  };
  CHECK(claims(ConflictPolicy::kReplace) == std::pair(true, true));
  CHECK(claims(ConflictPolicy::kMax) == std::pair(true, true));
  CHECK(claims(ConflictPolicy::kFail) == std::pair(true, true));
  CHECK(claims(ConflictPolicy::kKeep) == std::pair(false, false));
  // A request that is left to the limit is wanted, too, and stands nowhere.
  const Sizing implied =
      Size("cpu", {A(nullptr), A("1")}, {A("1"), A(nullptr)}, Both(ConflictPolicy::kReplace));
  CHECK((implied.claims_request && !implied.claims_limit && !implied.write.request));
}

TEST_CASE("no request above its limit", "[policy][sizing]") {
  CHECK(Written("2Gi", nullptr, "1Gi", "1Gi") == "-/2Gi");
  CHECK(Written("2Gi", nullptr, "1Gi", "1Gi",
                Both(ConflictPolicy::kKeep, OnInvalid::kClampRequest)) == "1Gi/1Gi");
  CHECK(Written("2Gi", nullptr, "1Gi", "1Gi", Both(ConflictPolicy::kKeep, OnInvalid::kFail)) ==
        "error: the request 2Gi would exceed the limit 1Gi, and onInvalid is Fail");
  CHECK(Written("100Mi", "200Mi", "300Mi", nullptr, Both(ConflictPolicy::kReplace)) ==
        "300Mi/300Mi");
}

TEST_CASE("devices and huge pages are never scaled, and never overcommitted", "[policy][sizing]") {
  const SizingRules replace = Both(ConflictPolicy::kReplace);
  const char* gpu = "nvidia.com/gpu";
  CHECK(Written(nullptr, nullptr, nullptr, "1", replace, gpu) == "-/1");
  CHECK(Written(nullptr, nullptr, "1", nullptr, replace, gpu) == "1/1");
  CHECK(Written(nullptr, "2", nullptr, "1", replace, gpu) == "-/-");
  CHECK(Written("2", nullptr, "1", nullptr, replace, gpu) == "-/2");
  CHECK(Written(nullptr, nullptr, "1", "2", replace, gpu).starts_with("error"));
  CHECK(Written(nullptr, "4Mi", nullptr, "2Mi", replace, "hugepages-2Mi") == "-/-");
}

TEST_CASE("quantities are written as numbers only where every reader agrees", "[policy][sizing]") {
  CHECK(QuantityValue("1") == yaml::Value::Literal("1"));
  CHECK(QuantityValue("0.5") == yaml::Value::Literal("0.5"));
  CHECK(QuantityValue("0") == yaml::Value::Literal("0"));
  CHECK(QuantityValue("500m") == yaml::Value::String("500m"));
  CHECK(QuantityValue("010") == yaml::Value::String("010"));
  CHECK(QuantityValue("1e3") == yaml::Value::String("1e3"));
  CHECK(QuantityValue(".5") == yaml::Value::String(".5"));
}

}  // namespace
}  // namespace cloudlab::policy
