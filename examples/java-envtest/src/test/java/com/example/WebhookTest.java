package com.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubeapitest.cert.CertManager;
import io.fabric8.kubeapitest.junit.EnableKubeAPIServer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponseBuilder;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server calls a webhook in the test's own process. */
@EnableKubeAPIServer
class WebhookTest {
  static KubernetesClient client;

  @TempDir static File files;

  private static HttpsServer webhook;

  @BeforeAll
  static void install() throws Exception {
    var certificate = new File(files, "webhook.crt");
    var key = new File(files, "webhook.key");
    CertManager.generateKeyAndCertificate(
        "CN=webhook", key, certificate, new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
    var keys =
        SSLUtils.keyManagers(
            null, certificate.getPath(), null, key.getPath(), "RSA", "", null, null);
    var tls = SSLContext.getInstance("TLS");
    tls.init(keys, null, null);
    webhook = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    webhook.setHttpsConfigurator(new HttpsConfigurator(tls));
    webhook.createContext("/mutate", WebhookTest::answer);
    webhook.start();

    var configuration =
        new MutatingWebhookConfigurationBuilder()
            .withNewMetadata()
            .withName("colours")
            .endMetadata()
            .addNewWebhook()
            .withName("colours.example.com")
            .withNewClientConfig()
            .withUrl("https://127.0.0.1:" + webhook.getAddress().getPort() + "/mutate")
            .withCaBundle(
                Base64.getEncoder().encodeToString(Files.readAllBytes(certificate.toPath())))
            .endClientConfig()
            .addNewRule()
            .withApiGroups("")
            .withApiVersions("v1")
            .withResources("configmaps")
            .withOperations("CREATE")
            .endRule()
            .withNewObjectSelector()
            .addToMatchLabels("painted", "true")
            .endObjectSelector()
            .withSideEffects("None")
            .withAdmissionReviewVersions("v1")
            .endWebhook()
            .build();
    client
        .admissionRegistration()
        .v1()
        .mutatingWebhookConfigurations()
        .resource(configuration)
        .create();
  }

  @AfterAll
  static void stop() {
    webhook.stop(0);
  }

  /** Adds a colour, but does not paint over one. */
  private static void answer(HttpExchange exchange) throws IOException {
    var review = Serialization.unmarshal(exchange.getRequestBody(), AdmissionReview.class);
    var object = (ConfigMap) review.getRequest().getObject();
    var response = new AdmissionResponseBuilder().withUid(review.getRequest().getUid());
    if (object.getData().containsKey("colour")) {
      response
          .withAllowed(false)
          .withStatus(new StatusBuilder().withCode(403).withMessage("it has a colour").build());
    } else {
      var patch = "[{\"op\": \"add\", \"path\": \"/data/colour\", \"value\": \"red\"}]";
      response
          .withAllowed(true)
          .withPatchType("JSONPatch")
          .withPatch(Base64.getEncoder().encodeToString(patch.getBytes(UTF_8)));
    }
    review.setRequest(null);
    review.setResponse(response.build());
    var body = Serialization.asJson(review).getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static ConfigMap create(String painted, Map<String, String> data) {
    var named =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withGenerateName("wall-")
            .addToLabels("painted", painted)
            .endMetadata()
            .withData(data)
            .build();
    return client.configMaps().inNamespace("default").resource(named).create();
  }

  @Test
  void whatIsSelectedIsChanged() {
    assertEquals("red", create("true", Map.of("size", "10")).getData().get("colour"));
    assertNull(create("false", Map.of("size", "10")).getData().get("colour"));
  }

  @Test
  void whatIsDeniedIsNotMade() {
    var error =
        assertThrows(
            KubernetesClientException.class, () -> create("true", Map.of("colour", "blue")));
    assertEquals(403, error.getCode());
    assertTrue(
        error
            .getMessage()
            .contains(
                "admission webhook \"colours.example.com\" denied the request: it has a colour"));
  }
}
