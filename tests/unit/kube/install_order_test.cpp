#include "kube/install_order.hpp"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <vector>

namespace cloudlab::kube {
namespace {

using Kinds = std::vector<std::string_view>;

TEST_CASE("streams are seen to stand in InstallOrder", "[kube][order]") {
  CHECK(FindInstallOrder(Kinds{}) == InstallOrder::kHelm3);
  CHECK(FindInstallOrder(Kinds{"ServiceAccount", "ConfigMap", "Service", "Deployment", "Deployment",
                               "Ingress", "ServiceMonitor"}) == InstallOrder::kHelm3);
  CHECK_FALSE(FindInstallOrder(Kinds{"Deployment", "Service"}).has_value());
  // Unknown kinds stand last, by name.
  CHECK(FindInstallOrder(Kinds{"Service", "Certificate", "Issuer"}).has_value());
  CHECK_FALSE(FindInstallOrder(Kinds{"Service", "Issuer", "Certificate"}).has_value());
  CHECK_FALSE(FindInstallOrder(Kinds{"Issuer", "Service"}).has_value());
  // Only Helm 4 ranks webhook configurations before unknown kinds.
  CHECK(FindInstallOrder(Kinds{"APIService", "ValidatingWebhookConfiguration", "Certificate"}) ==
        InstallOrder::kHelm4);
  CHECK(FindInstallOrder(Kinds{"APIService", "Certificate", "ValidatingWebhookConfiguration"}) ==
        InstallOrder::kHelm3);
  // The chart's crds/ folder stands before everything.
  CHECK(FindInstallOrder(Kinds{"CustomResourceDefinition", "Namespace", "Secret"}).has_value());
}

TEST_CASE("a new object goes behind the last of its kind", "[kube][order]") {
  const Kinds kinds{"ServiceAccount", "ConfigMap", "Service", "Deployment", "Ingress", "Issuer"};
  const auto place = [&](std::string_view kind) {
    return InstallPlace(InstallOrder::kHelm3, kinds, kind);
  };
  CHECK(place("Namespace") == 0);
  CHECK(place("Secret") == 1);
  CHECK(place("ConfigMap") == 2);
  CHECK(place("Deployment") == 4);
  CHECK(place("HorizontalPodAutoscaler") == 4);
  CHECK(place("Certificate") == 5);
  CHECK(place("ServiceMonitor") == 6);
  const Kinds crds{"CustomResourceDefinition", "Secret"};
  CHECK(InstallPlace(InstallOrder::kHelm3, crds, "Namespace") == 1);
}

}  // namespace
}  // namespace cloudlab::kube
