// What an autoscaler of the stream measures of its pods.
//
// Every API version of HorizontalPodAutoscaler is read (autoscaling/v1, v2beta1 and on), and the
// triggers of KEDA. An HPA without metrics measures cpu as a share of the request
// (SetDefaults_HorizontalPodAutoscaler). Metrics from elsewhere are left out.
#pragma once

#include <string>
#include <vector>

#include "kube/manifest.hpp"

namespace cloudlab::kube {

/// A metric that measures cpu or memory of pods.
struct ResourceMetric {
  std::string resource;      ///< "cpu" or "memory", or another resource.
  std::string container;     ///< Of a ContainerResource metric; else empty.
  bool utilization = false;  ///< Measured as a share of the request.
  yaml::NodeView node;
};

/// Those of a HorizontalPodAutoscaler or ScaledObject.
std::vector<ResourceMetric> ReadResourceMetrics(const Manifest& scaler);

}  // namespace cloudlab::kube
