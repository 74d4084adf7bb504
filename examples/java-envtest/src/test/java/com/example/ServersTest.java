package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Servers without the extension, which never looks for binaries elsewhere. */
class ServersTest {
  private static KubeAPIServer start() {
    var config =
        KubeAPIServerConfigBuilder.anAPIServerConfig()
            .withOfflineMode(true)
            .withApiServerVersion("1.36.*")
            .withWaitForEtcdHealthCheckOnStartup(true)
            .withApiServerFlag("--max-requests-inflight", "100")
            .build();
    var server = new KubeAPIServer(config);
    server.start();
    return server;
  }

  private static KubernetesClient connect(KubeAPIServer server) {
    var config = Config.fromKubeconfig(server.getKubeConfigYaml());
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  @Test
  void twoServersKnowNothingOfEachOther() {
    var one = start();
    var other = start();
    try (var here = connect(one);
        var there = connect(other)) {
      var settings =
          new ConfigMapBuilder()
              .withNewMetadata()
              .withName("settings")
              .endMetadata()
              .withData(Map.of("colour", "red"))
              .build();
      assertNotNull(here.configMaps().inNamespace("default").resource(settings).create());
      assertNull(there.configMaps().inNamespace("default").withName("settings").get());
    } finally {
      one.stop();
      other.stop();
    }
  }

  @Test
  void aStoppedServerIsGone() {
    var server = start();
    URI address;
    try (var client = connect(server)) {
      address = URI.create(client.getMasterUrl().toString());
      assertEquals("36", client.getKubernetesVersion().getMinor());
    } finally {
      server.stop();
    }
    assertThrows(
        ConnectException.class, () -> new Socket(address.getHost(), address.getPort()).close());
  }
}
