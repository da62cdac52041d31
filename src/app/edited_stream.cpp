#include "app/edited_stream.hpp"

#include <iterator>
#include <utility>

#include "base/parallel.hpp"

namespace cloudlab::app {

EditedStream::EditedStream(const Documents& documents, const Rules& rules, const kube::Index& input,
                           const std::vector<const policy::NewObject*>& added,
                           const std::function<bool(const kube::Manifest&)>& counts)
    : texts_(added.size()), outlines_(added.size()) {
  const auto& manifests = input.manifests();
  const auto& paths = rules.pipeline.pod_template_paths;
  auto all = CollectFromChunks<kube::Manifest>(
      manifests.size() + added.size(), [&](std::size_t i, std::vector<kube::Manifest>& found) {
        if (i >= manifests.size()) {
          const std::size_t number = i - manifests.size();
          texts_[number] = added[number]->text;
          outlines_[number] = yaml::Scan(*texts_[number]).outline;
          for (kube::Manifest& manifest :
               kube::Manifests(outlines_[number], documents.size(), paths)) {
            manifest.id.ns = added[number]->id.ns;
            found.push_back(std::move(manifest));
          }
          return;
        }
        const kube::Manifest& manifest = manifests[i];
        const Document& document = documents[manifest.document];
        if (document.removed) return;
        if (!document.edited()) {
          if (counts(manifest)) found.push_back(manifest);
          return;
        }
        // The manifests of a document stand together: they are read again with the first one.
        if (i > 0 && manifests[i - 1].document == manifest.document) return;
        auto here = kube::Manifests(document.current(), manifest.document, paths);
        std::move(here.begin(), here.end(), std::back_inserter(found));
      });
  kube::IndexOptions options;
  options.option_namespace = input.default_namespace();
  options.guess_namespace = false;  // It was guessed from the whole input, if at all.
  index_ = kube::Index(std::move(all), options);
}

}  // namespace cloudlab::app
