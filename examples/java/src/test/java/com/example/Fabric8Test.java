package com.example;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * The client of fabric8 against the server that KUBECONFIG names, where roles decide:
 *
 * <pre>
 * echo admin,admin,1,system:masters > tokens.csv
 * fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- mvn test
 * </pre>
 */
class Fabric8Test {
  private static final String RBAC = "rbac.authorization.k8s.io";

  private NamespacedKubernetesClient client;

  /** Each test has a namespace of its own, which is the client's. */
  @BeforeEach
  void connect() {
    Namespace named =
        new NamespaceBuilder().withNewMetadata().withGenerateName("test-").endMetadata().build();
    var anywhere = new KubernetesClientBuilder().build();
    var namespace = anywhere.namespaces().resource(named).create().getMetadata().getName();
    client = anywhere.adapt(NamespacedKubernetesClient.class).inNamespace(namespace);
  }

  @AfterEach
  void close() {
    client.namespaces().withName(client.getNamespace()).delete();
    client.close();
  }

  private static Pod pod(String name, String app) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("app", app)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .withImage("nginx")
        .endContainer()
        .endSpec()
        .build();
  }

  private static Deployment deployment(String image) {
    return new DeploymentBuilder()
        .withNewMetadata()
        .withName("web")
        .endMetadata()
        .withNewSpec()
        .withNewSelector()
        .addToMatchLabels("app", "web")
        .endSelector()
        .withNewTemplate()
        .withNewMetadata()
        .addToLabels("app", "web")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .withImage(image)
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  private static Job job(String name) {
    return new JobBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withNewTemplate()
        .withNewSpec()
        .withRestartPolicy("Never")
        .addNewContainer()
        .withName("main")
        .withImage("busybox")
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  private static Set<String> names(List<Pod> pods) {
    return pods.stream().map(pod -> pod.getMetadata().getName()).collect(Collectors.toSet());
  }

  private static KubernetesClientException refused(int code, Executable request) {
    var error = assertThrows(KubernetesClientException.class, request);
    assertEquals(code, error.getCode(), error.getMessage());
    return error;
  }

  @Test
  void aPodGetsItsDefaults() {
    var created = client.pods().resource(pod("a", "shop")).create();
    assertNotNull(created.getMetadata().getUid());
    assertEquals("Always", created.getSpec().getRestartPolicy());
    assertEquals(30, created.getSpec().getTerminationGracePeriodSeconds());
    assertEquals("Always", created.getSpec().getContainers().get(0).getImagePullPolicy());
    assertEquals("Pending", created.getStatus().getPhase());
    assertEquals("BestEffort", created.getStatus().getQosClass());
    assertEquals(created, client.pods().withName("a").get());
  }

  @Test
  void podsAreFoundByLabelsAndFields() {
    for (var name : List.of("a", "b")) {
      client.pods().resource(pod(name, "shop")).create();
    }
    client.pods().resource(pod("c", "web")).create();
    client
        .pods()
        .withName("a")
        .editStatus(
            pod -> new PodBuilder(pod).editStatus().withPhase("Running").endStatus().build());

    var pods = client.pods();
    assertEquals(Set.of("a", "b"), names(pods.withLabel("app", "shop").list().getItems()));
    assertEquals(Set.of("c"), names(pods.withLabelNotIn("app", "shop").list().getItems()));
    assertEquals(Set.of("a"), names(pods.withField("status.phase", "Running").list().getItems()));
    assertEquals(
        Set.of("b"),
        names(
            pods.withLabel("app", "shop").withField("status.phase", "Pending").list().getItems()));
  }

  @Test
  void aPodOnANodeEndsInItsOwnTime() {
    client.pods().resource(pod("a", "shop")).create();
    var binding =
        new BindingBuilder()
            .withNewMetadata()
            .withName("a")
            .endMetadata()
            .withNewTarget()
            .withKind("Node")
            .withName("node-1")
            .endTarget()
            .build();
    client.bindings().resource(binding).create();
    assertEquals("node-1", client.pods().withName("a").get().getSpec().getNodeName());

    client.pods().withName("a").delete();
    var ending = client.pods().withName("a").get();
    assertNotNull(ending.getMetadata().getDeletionTimestamp());
    assertEquals(30, ending.getMetadata().getDeletionGracePeriodSeconds());
    // As the kubelet does when the containers have ended.
    client.pods().withName("a").withGracePeriod(0).delete();
    assertNull(client.pods().withName("a").get());
  }

  @Test
  void aFieldHasOneManager() {
    var applied =
        client
            .apps()
            .deployments()
            .resource(deployment("nginx:1"))
            .fieldManager("shop")
            .serverSideApply();
    assertEquals(1, applied.getMetadata().getGeneration());

    var other = client.apps().deployments().resource(deployment("nginx:2")).fieldManager("other");
    var error = refused(409, other::serverSideApply);
    var cause = error.getStatus().getDetails().getCauses().get(0);
    assertEquals("FieldManagerConflict", cause.getReason());
    assertEquals(".spec.template.spec.containers[name=\"main\"].image", cause.getField());

    var forced = other.forceConflicts().serverSideApply();
    assertEquals(
        "nginx:2", forced.getSpec().getTemplate().getSpec().getContainers().get(0).getImage());
    assertEquals(2, forced.getMetadata().getGeneration());
    assertEquals(
        Set.of("shop", "other"),
        forced.getMetadata().getManagedFields().stream()
            .map(ManagedFieldsEntry::getManager)
            .collect(Collectors.toSet()));
  }

  @Test
  void aDeploymentIsScaledAndBecomesReady() throws Exception {
    client.apps().deployments().resource(deployment("nginx")).create();
    client.apps().deployments().withName("web").scale(3);
    var scaled = client.apps().deployments().withName("web").get();
    assertEquals(3, scaled.getSpec().getReplicas());
    assertEquals(2, scaled.getMetadata().getGeneration());

    var ready =
        CompletableFuture.supplyAsync(
            () -> client.apps().deployments().withName("web").waitUntilReady(10, SECONDS));
    client
        .apps()
        .deployments()
        .withName("web")
        .editStatus(
            web ->
                new DeploymentBuilder(web)
                    .withNewStatus()
                    .withObservedGeneration(web.getMetadata().getGeneration())
                    .withReplicas(3)
                    .withUpdatedReplicas(3)
                    .withReadyReplicas(3)
                    .withAvailableReplicas(3)
                    .endStatus()
                    .build());
    assertEquals(3, ready.get(10, SECONDS).getStatus().getAvailableReplicas());
  }

  @Test
  void whatADeploymentOwnsGoesWithIt() {
    var web = client.apps().deployments().resource(deployment("nginx")).create();
    var owned =
        new ReplicaSetBuilder()
            .withNewMetadata()
            .withName("web-1")
            .addNewOwnerReference()
            .withApiVersion("apps/v1")
            .withKind("Deployment")
            .withName("web")
            .withUid(web.getMetadata().getUid())
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withSelector(web.getSpec().getSelector())
            .withTemplate(web.getSpec().getTemplate())
            .endSpec()
            .build();
    client.apps().replicaSets().resource(owned).create();
    client.apps().deployments().withName("web").delete();
    var gone =
        client
            .apps()
            .replicaSets()
            .withName("web-1")
            .waitUntilCondition(set -> set == null, 10, SECONDS);
    assertNull(gone);
  }

  @Test
  void aJobRunsOnceAndKeepsItsTemplate() {
    var created = client.batch().v1().jobs().resource(job("once")).create();
    var uid = created.getMetadata().getUid();
    assertEquals(
        uid,
        created.getSpec().getSelector().getMatchLabels().get("batch.kubernetes.io/controller-uid"));
    assertEquals(6, created.getSpec().getBackoffLimit());

    var once = client.batch().v1().jobs().withName("once");
    refused(
        422,
        () ->
            once.edit(
                job ->
                    new JobBuilder(job)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .withRestartPolicy("OnFailure")
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build()));
    once.edit(job -> new JobBuilder(job).editSpec().withSuspend(true).endSpec().build());
    assertTrue(once.get().getSpec().getSuspend());
  }

  @Test
  void anInformerTellsThatAJobIsComplete() throws InterruptedException {
    var told = new LinkedBlockingQueue<String>();
    ResourceEventHandler<Job> handler =
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(Job job) {
            told.add("added " + job.getMetadata().getName());
          }

          @Override
          public void onUpdate(Job old, Job job) {
            var conditions = job.getStatus().getConditions();
            told.add("updated " + conditions.get(conditions.size() - 1).getType());
          }

          @Override
          public void onDelete(Job job, boolean unknown) {
            told.add("deleted " + job.getMetadata().getName());
          }
        };
    client.batch().v1().jobs().resource(job("before")).create();
    try (var informer = client.batch().v1().jobs().inform(handler)) {
      assertEquals("added before", told.poll(10, SECONDS));
      var time = "2026-01-01T00:00:00Z";
      client
          .batch()
          .v1()
          .jobs()
          .withName("before")
          .editStatus(
              job ->
                  new JobBuilder(job)
                      .withNewStatus()
                      .withStartTime(time)
                      .withCompletionTime(time)
                      .withSucceeded(1)
                      .addNewCondition()
                      .withType("SuccessCriteriaMet")
                      .withStatus("True")
                      .endCondition()
                      .addNewCondition()
                      .withType("Complete")
                      .withStatus("True")
                      .endCondition()
                      .endStatus()
                      .build());
      assertEquals("updated Complete", told.poll(10, SECONDS));
      client.batch().v1().jobs().withName("before").delete();
      assertEquals("deleted before", told.poll(10, SECONDS));
      assertEquals(List.of(), informer.getStore().list());
    }
  }

  @Test
  void aRetryGetsOverALostRace() {
    ConfigMap counter =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName("counter")
            .endMetadata()
            .addToData("count", "0")
            .build();
    client.configMaps().resource(counter).create();
    // Someone else is faster, twice.
    assertEquals(3, count(2));
    assertEquals("3", client.configMaps().withName("counter").get().getData().get("count"));
  }

  /** Adds one, and begins again if someone else was faster. Returns how often it tried. */
  private int count(int races) {
    for (int attempt = 1; ; attempt++) {
      var read = client.configMaps().withName("counter").get();
      if (attempt <= races) {
        assertEquals(1, count(0));
      }
      read.getData()
          .merge("count", "1", (a, b) -> "" + (Integer.parseInt(a) + Integer.parseInt(b)));
      try {
        client.configMaps().resource(read).update();
        return attempt;
      } catch (KubernetesClientException error) {
        assertEquals(409, error.getCode());
      }
    }
  }

  private KubernetesClient as(String user, String... groups) {
    var config =
        new ConfigBuilder(client.getConfiguration())
            .withImpersonateUsername(user)
            .withImpersonateGroups(groups)
            .build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private boolean may(KubernetesClient client, String verb, String resource) {
    var review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withNewResourceAttributes()
            .withNamespace(this.client.getNamespace())
            .withVerb(verb)
            .withResource(resource)
            .endResourceAttributes()
            .endSpec()
            .build();
    return client
        .authorization()
        .v1()
        .selfSubjectAccessReview()
        .create(review)
        .getStatus()
        .getAllowed();
  }

  private static Role role(String name, String... verbs) {
    return new RoleBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .addNewRule()
        .withApiGroups("")
        .withResources("pods")
        .withVerbs(verbs)
        .endRule()
        .addNewRule()
        .withApiGroups(RBAC)
        .withResources("roles")
        .withVerbs("create")
        .endRule()
        .build();
  }

  @Test
  void aBoundRoleCountsUntilItIsUnbound() {
    try (var alice = as("alice", "dev")) {
      assertFalse(may(alice, "list", "pods"));
      client.rbac().roles().resource(role("reader", "get", "list")).create();
      var binding =
          new RoleBindingBuilder()
              .withNewMetadata()
              .withName("reader")
              .endMetadata()
              .withNewRoleRef(RBAC, "Role", "reader")
              .addNewSubject(RBAC, "Group", "dev", null)
              .build();
      client.rbac().roleBindings().resource(binding).create();
      assertTrue(may(alice, "list", "pods"));
      assertFalse(may(alice, "delete", "pods"));
      assertEquals(List.of(), alice.pods().inNamespace(client.getNamespace()).list().getItems());
      refused(403, () -> alice.pods().inNamespace("default").list());

      // Nobody gives away what they do not have.
      var roles = alice.rbac().roles().inNamespace(client.getNamespace());
      refused(403, () -> roles.resource(role("more", "get", "delete")).create());
      assertNotNull(roles.resource(role("less", "get")).create());

      client.rbac().roleBindings().withName("reader").delete();
      assertFalse(may(alice, "list", "pods"));
    }
  }

  private CompletableFuture<?> candidate(String name, LinkedBlockingQueue<String> told) {
    var config =
        new LeaderElectionConfigBuilder()
            .withName(name)
            .withLock(new LeaseLock(client.getNamespace(), "leader", name))
            .withLeaseDuration(Duration.ofSeconds(5))
            .withRenewDeadline(Duration.ofSeconds(3))
            .withRetryPeriod(Duration.ofMillis(200))
            .withReleaseOnCancel(true)
            .withLeaderCallbacks(
                new LeaderCallbacks(
                    () -> told.add(name + " leads"), () -> told.add(name + " ends"), leader -> {}))
            .build();
    return client.leaderElector().withConfig(config).build().start();
  }

  @Test
  void aLeaseHasOneLeader() throws InterruptedException {
    var told = new LinkedBlockingQueue<String>();
    var a = candidate("a", told);
    assertEquals("a leads", told.poll(10, SECONDS));
    var b = candidate("b", told);
    a.cancel(true);
    assertEquals("a ends", told.poll(10, SECONDS));
    assertEquals("b leads", told.poll(10, SECONDS));
    var lease = client.leases().withName("leader").get();
    assertEquals("b", lease.getSpec().getHolderIdentity());
    assertEquals(1, lease.getSpec().getLeaseTransitions());
    b.cancel(true);
    assertEquals("b ends", told.poll(10, SECONDS));
  }
}
