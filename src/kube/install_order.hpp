// The order in which Helm installs kinds, used to place new objects where Helm would.
//
// Helm 3 and 4 share one order, except that Helm 4 knows two more kinds at its end (webhook
// configurations); a kind that Helm does not know comes last, by its name. Objects of the chart's
// `crds/` folder stand before everything else and do not disturb the order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cloudlab::kube {

enum class InstallOrder : std::uint8_t { kHelm3, kHelm4 };

/// True if Helm installs objects of kind `a` strictly before those of kind `b`.
bool InstallsBefore(InstallOrder order, std::string_view a, std::string_view b);

/// The order that `kinds` stand in (kHelm3 if both fit), or nothing. Hooks are not to be among
/// them.
std::optional<InstallOrder> FindInstallOrder(std::span<const std::string_view> kinds);

/// Where a new object of `kind` goes among `kinds`, which stand in `order`: the index that it
/// takes, behind the last object of its kind or of an earlier one.
std::size_t InstallPlace(InstallOrder order, std::span<const std::string_view> kinds,
                         std::string_view kind);

}  // namespace cloudlab::kube
