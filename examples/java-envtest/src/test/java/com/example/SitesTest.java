package com.example;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubeapitest.junit.EnableKubeAPIServer;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * kube-api-test starts kube-apiserver and etcd for the class, and stops both after it. It finds
 * them in the folder of their version and platform:
 *
 * <pre>
 * export KUBE_API_TEST_DIR=/tmp/kube-api-test
 * fake-apiserver envtest $KUBE_API_TEST_DIR/k8s/1.36.2-linux-amd64
 * mvn test
 * </pre>
 */
@EnableKubeAPIServer
class SitesTest {
  static KubernetesClient client;

  private String namespace;

  @BeforeAll
  static void define() throws IOException {
    try (var definition = SitesTest.class.getResourceAsStream("/sites.yaml")) {
      client.load(definition).serverSideApply();
    }
    var defined =
        client
            .apiextensions()
            .v1()
            .customResourceDefinitions()
            .withName("sites.example.com")
            .waitUntilCondition(SitesTest::isEstablished, 10, SECONDS);
    assertEquals("SiteList", defined.getStatus().getAcceptedNames().getListKind());
  }

  private static boolean isEstablished(CustomResourceDefinition definition) {
    return definition != null
        && definition.getStatus() != null
        && definition.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals("Established") && c.getStatus().equals("True"));
  }

  @BeforeEach
  void createNamespace() {
    Namespace named =
        new NamespaceBuilder().withNewMetadata().withGenerateName("test-").endMetadata().build();
    namespace = client.namespaces().resource(named).create().getMetadata().getName();
  }

  @AfterEach
  void deleteNamespace() {
    client.namespaces().withName(namespace).delete();
  }

  private NonNamespaceOperation<Site, KubernetesResourceList<Site>, Resource<Site>> sites(
      KubernetesClient client) {
    return client.resources(Site.class).inNamespace(namespace);
  }

  private Site create(String name, String title) {
    return sites(client).resource(site(name, title)).create();
  }

  private static Site site(String name, String title) {
    var site = new Site();
    site.getMetadata().setName(name);
    site.setSpec(new Site.Spec());
    site.getSpec().title = title;
    return site;
  }

  @Test
  void theServerPlaysTheVersionOfItsFolder() {
    assertEquals("1", client.getKubernetesVersion().getMajor());
    assertEquals("36", client.getKubernetesVersion().getMinor());
  }

  @Test
  void whatIsMissingGetsItsDefault() {
    assertEquals(1, create("home", "Hello").getSpec().replicas);
  }

  @Test
  void whatTheSchemaForbidsIsInvalid() {
    var error = assertThrows(KubernetesClientException.class, () -> create("home", ""));
    assertEquals(422, error.getCode());
    var cause = error.getStatus().getDetails().getCauses().get(0);
    assertEquals("spec.title", cause.getField());
    assertEquals(
        "Invalid value: \"\": spec.title in body should be at least 1 chars long",
        cause.getMessage());
  }

  @Test
  void aRuleIsHeeded() {
    var error = assertThrows(KubernetesClientException.class, () -> create("home", "busy"));
    assertEquals(422, error.getCode());
    assertTrue(error.getMessage().contains("a busy site has more than one replica"));
  }

  @Test
  void theStatusIsWrittenByItself() {
    create("home", "Hello");
    var written =
        sites(client)
            .withName("home")
            .editStatus(
                site -> {
                  site.getSpec().title = "not looked at";
                  site.setStatus(new Site.Status());
                  site.getStatus().ready = true;
                  return site;
                });
    assertTrue(written.getStatus().ready);
    assertEquals("Hello", written.getSpec().title);
    assertEquals(1, written.getMetadata().getGeneration());
  }

  @Test
  void anOldCopyIsAConflict() {
    var old = create("home", "Hello");
    sites(client)
        .withName("home")
        .edit(
            site -> {
              site.getSpec().replicas = 2;
              return site;
            });
    old.getSpec().replicas = 3;
    var error =
        assertThrows(KubernetesClientException.class, () -> sites(client).resource(old).update());
    assertEquals(409, error.getCode());
    assertEquals(2, sites(client).withName("home").get().getSpec().replicas);
  }

  @Test
  void anInformerTellsOfEachWrite() throws InterruptedException {
    var told = new LinkedBlockingQueue<String>();
    ResourceEventHandler<Site> handler =
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(Site site) {
            told.add("added " + site.getSpec().title);
          }

          @Override
          public void onUpdate(Site old, Site site) {
            told.add("updated " + site.getSpec().title);
          }

          @Override
          public void onDelete(Site site, boolean unknown) {
            told.add("deleted " + site.getSpec().title);
          }
        };
    try (var informer = client.resources(Site.class).inNamespace(namespace).inform(handler)) {
      create("home", "Hello");
      assertEquals("added Hello", told.poll(10, SECONDS));
      sites(client)
          .withName("home")
          .edit(
              site -> {
                site.getSpec().title = "Good bye";
                return site;
              });
      assertEquals("updated Good bye", told.poll(10, SECONDS));
      sites(client).withName("home").delete();
      assertEquals("deleted Good bye", told.poll(10, SECONDS));
      assertEquals(List.of(), informer.getStore().list());
    }
    assertNull(sites(client).withName("home").get());
  }

  @Test
  void aUserMayDoWhatRolesSay() {
    var config =
        new ConfigBuilder(client.getConfiguration())
            .withImpersonateUsername("alice")
            .withImpersonateGroups("dev")
            .build();
    try (var alice = new KubernetesClientBuilder().withConfig(config).build()) {
      create("home", "Hello");
      var error = assertThrows(KubernetesClientException.class, () -> sites(alice).list());
      assertEquals(403, error.getCode());

      var role =
          new RoleBuilder()
              .withNewMetadata()
              .withName("reader")
              .endMetadata()
              .addNewRule()
              .withApiGroups("example.com")
              .withResources("sites")
              .withVerbs("list")
              .endRule()
              .build();
      var binding =
          new RoleBindingBuilder()
              .withNewMetadata()
              .withName("reader")
              .endMetadata()
              .withNewRoleRef("rbac.authorization.k8s.io", "Role", "reader")
              .addNewSubject("rbac.authorization.k8s.io", "Group", "dev", null)
              .build();
      client.rbac().roles().inNamespace(namespace).resource(role).create();
      client.rbac().roleBindings().inNamespace(namespace).resource(binding).create();

      assertEquals(1, sites(alice).list().getItems().size());
      assertThrows(KubernetesClientException.class, () -> sites(alice).withName("home").delete());
    }
  }
}
