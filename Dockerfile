# The KRM functions as an image: two static programs, the users that hosts name, and the list of what is in the programs.
#
# `make image` builds it. By hand, after `make build`:
#
#     tools/image --context            # out/image: this file with its ARGs filled in, and rootfs.tar
#     docker build -t cloudlab:dev out/image
#
# From scratch: no shell, no package manager, nothing to run but the programs, and no other image to fetch. All files come
# out of one archive with fixed owners, modes and times, so that one commit makes the same layer with every builder; COPY
# would date the folders itself.
FROM scratch

ADD rootfs.tar /

ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="cloudlab" \
      org.opencontainers.image.description="KRM function that adds sidecars, resource tiers, autoscalers, network policies and secret references to Kubernetes manifests" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0"

# nobody, as a number, so that Kubernetes can see that it is not root (runAsNonRoot); /etc/passwd is for hosts that name it.
USER 65534:65534
ENTRYPOINT ["/cloudlab-krm"]
