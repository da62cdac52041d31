// Presets: annotations by which other injectors are steered, in typed form. The schema has checked
// each value; here the values are checked against one another and against the chart.
//
// Sources: Istio "Resource Annotations" and its injection template (one of the four resource
// annotations switches all chart-wide defaults off), Linkerd "Proxy Configuration", Dapr
// "Annotations", Vault Agent Injector "Annotations", OpenTelemetry Operator "Auto-instrumentation".
#pragma once

#include <string>

#include "policy/sidecar/metadata.hpp"

namespace cloudlab::policy::sidecar {

/// Adds what `preset` stands for to `metadata`.
void AddPreset(const Injection& injection, const yaml::Value& preset, PodMetadata& metadata);

/// Rule A5: next to Istio's proxy in `containers`, Vault's init container must run before Istio's,
/// which redirects traffic to a proxy that does not run yet.
void OrderVaultAndIstio(const Injection& injection, PodMetadata& metadata);

/// The rules that hold for an injector's resources once all is said: Istio's four come together,
/// and no request exceeds its limit.
void CheckProxyResources(const Injection& injection, const PodMetadata& metadata);

/// Rule A3 for containers that others inject: in a Job, one that never ends is an error, and one of
/// which that is not known a warning.
void CheckCompletion(const Injection& injection, const PodMetadata& metadata);

/// True if the policy brings a proxy that redirects the pod's traffic.
bool CapturesTraffic(const yaml::Value& spec);

}  // namespace cloudlab::policy::sidecar
