"""ChirpStack's gRPC services, one file each, answering with its codes and texts."""
