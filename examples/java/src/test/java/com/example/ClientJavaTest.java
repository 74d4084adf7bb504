package com.example;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.AuthorizationV1Api;
import io.kubernetes.client.openapi.apis.BatchV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.apis.RbacAuthorizationV1Api;
import io.kubernetes.client.openapi.models.RbacV1Subject;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1DeploymentSpec;
import io.kubernetes.client.openapi.models.V1DeploymentStatus;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1JobCondition;
import io.kubernetes.client.openapi.models.V1JobSpec;
import io.kubernetes.client.openapi.models.V1JobStatus;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodList;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1PolicyRule;
import io.kubernetes.client.openapi.models.V1ResourceAttributes;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1RoleRef;
import io.kubernetes.client.openapi.models.V1SelfSubjectAccessReview;
import io.kubernetes.client.openapi.models.V1SelfSubjectAccessReviewSpec;
import io.kubernetes.client.util.Config;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.Watch;
import io.kubernetes.client.util.generic.GenericKubernetesApi;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * The official client against the server that KUBECONFIG names, where roles decide:
 *
 * <pre>
 * echo admin,admin,1,system:masters > tokens.csv
 * fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- mvn test
 * </pre>
 */
class ClientJavaTest {
  private static final String RBAC = "rbac.authorization.k8s.io";

  private ApiClient client;
  private CoreV1Api core;
  private AppsV1Api apps;
  private BatchV1Api batch;
  private String namespace;

  /** Each test has a namespace of its own. */
  @BeforeEach
  void connect() throws Exception {
    client = Config.defaultClient();
    core = new CoreV1Api(client);
    apps = new AppsV1Api(client);
    batch = new BatchV1Api(client);
    var named = new V1Namespace().metadata(new V1ObjectMeta().generateName("test-"));
    namespace = core.createNamespace(named).execute().getMetadata().getName();
  }

  @AfterEach
  void deleteNamespace() throws ApiException {
    core.deleteNamespace(namespace).execute();
  }

  private static V1PodTemplateSpec template(String app, String image) {
    return new V1PodTemplateSpec()
        .metadata(new V1ObjectMeta().labels(Map.of("app", app)))
        .spec(new V1PodSpec().addContainersItem(new V1Container().name("main").image(image)));
  }

  private V1Pod createPod(String name, String app) throws ApiException {
    var template = template(app, "nginx");
    var pod = new V1Pod().metadata(template.getMetadata().name(name)).spec(template.getSpec());
    return core.createNamespacedPod(namespace, pod).execute();
  }

  private static V1Deployment deployment(String image) {
    return new V1Deployment()
        .apiVersion("apps/v1")
        .kind("Deployment")
        .metadata(new V1ObjectMeta().name("web"))
        .spec(
            new V1DeploymentSpec()
                .selector(new V1LabelSelector().matchLabels(Map.of("app", "web")))
                .template(template("web", image)));
  }

  private static V1Job job(String name) {
    var template = template("job", "busybox");
    template.getSpec().restartPolicy("Never");
    return new V1Job()
        .metadata(new V1ObjectMeta().name(name))
        .spec(new V1JobSpec().template(template));
  }

  private static List<String> names(V1PodList pods) {
    return pods.getItems().stream().map(pod -> pod.getMetadata().getName()).toList();
  }

  private static ApiException refused(int code, Executable request) {
    var error = assertThrows(ApiException.class, request);
    assertEquals(code, error.getCode(), error.getResponseBody());
    return error;
  }

  @Test
  void podsAreFoundByLabelsAndFields() throws ApiException {
    assertEquals("Pending", createPod("a", "shop").getStatus().getPhase());
    createPod("b", "shop");
    createPod("c", "web");
    var patch = new V1Patch("{\"status\": {\"phase\": \"Running\"}}");
    PatchUtils.patch(
        V1Pod.class,
        () -> core.patchNamespacedPodStatus("a", namespace, patch).buildCall(null),
        V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH,
        client);

    assertEquals(
        List.of("a", "b"),
        names(core.listNamespacedPod(namespace).labelSelector("app in (shop)").execute()));
    assertEquals(
        List.of("a"),
        names(core.listNamespacedPod(namespace).fieldSelector("status.phase=Running").execute()));
    var page = core.listNamespacedPod(namespace).limit(2).execute();
    assertEquals(List.of("a", "b"), names(page));
    assertEquals(1, page.getMetadata().getRemainingItemCount());
    assertEquals(
        List.of("c"),
        names(
            core.listNamespacedPod(namespace)
                .limit(2)
                ._continue(page.getMetadata().getContinue())
                .execute()));
  }

  @Test
  void aWatchTellsOfEachWrite() throws Exception {
    var start = core.listNamespacedPod(namespace).execute().getMetadata().getResourceVersion();
    createPod("a", "shop");
    core.deleteNamespacedPod("a", namespace).execute();
    var call =
        core.listNamespacedPod(namespace)
            .watch(true)
            .resourceVersion(start)
            .timeoutSeconds(30)
            .buildCall(null);
    try (Watch<V1Pod> watch =
        Watch.createWatch(client, call, new TypeToken<Watch.Response<V1Pod>>() {}.getType())) {
      assertEquals("ADDED", watch.next().type);
      // Even where nothing has to end first, a pod is told to end before it is gone.
      var ending = watch.next();
      assertEquals("MODIFIED", ending.type);
      assertEquals(0, ending.object.getMetadata().getDeletionGracePeriodSeconds());
      var deleted = watch.next();
      assertEquals("DELETED", deleted.type);
      assertEquals("a", deleted.object.getMetadata().getName());
    }
  }

  private V1Deployment apply(String image, String manager, boolean force) throws ApiException {
    var patch = new V1Patch(JSON.serialize(deployment(image)));
    return PatchUtils.patch(
        V1Deployment.class,
        () ->
            apps.patchNamespacedDeployment("web", namespace, patch)
                .fieldManager(manager)
                .force(force)
                .buildCall(null),
        V1Patch.PATCH_FORMAT_APPLY_YAML,
        client);
  }

  @Test
  void aFieldHasOneManager() throws ApiException {
    assertEquals(1, apply("nginx:1", "shop", false).getMetadata().getGeneration());
    var error = refused(409, () -> apply("nginx:2", "other", false));
    assertTrue(error.getResponseBody().contains("FieldManagerConflict"));
    var forced = apply("nginx:2", "other", true);
    assertEquals(
        "nginx:2", forced.getSpec().getTemplate().getSpec().getContainers().get(0).getImage());
    assertEquals(2, forced.getMetadata().getGeneration());
  }

  @Test
  void aContainerIsPatchedByItsName() throws ApiException {
    apps.createNamespacedDeployment(namespace, deployment("nginx:1")).execute();
    var patch =
        new V1Patch(
            """
            {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:2"},
              {"name": "side", "image": "envoy"}]}}}}\
            """);
    var patched =
        PatchUtils.patch(
            V1Deployment.class,
            () -> apps.patchNamespacedDeployment("web", namespace, patch).buildCall(null),
            V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH,
            client);
    assertEquals(
        List.of("main nginx:2", "side envoy"),
        patched.getSpec().getTemplate().getSpec().getContainers().stream()
            .map(container -> container.getName() + " " + container.getImage())
            .toList());
  }

  @Test
  void aDeploymentIsScaledAndHasAStatus() throws ApiException {
    apps.createNamespacedDeployment(namespace, deployment("nginx")).execute();
    var scale = apps.readNamespacedDeploymentScale("web", namespace).execute();
    assertEquals("app=web", scale.getStatus().getSelector());
    scale.getSpec().setReplicas(3);
    apps.replaceNamespacedDeploymentScale("web", namespace, scale).execute();

    var scaled = apps.readNamespacedDeployment("web", namespace).execute();
    assertEquals(3, scaled.getSpec().getReplicas());
    scaled.setStatus(new V1DeploymentStatus().observedGeneration(2L).replicas(3));
    scaled.getSpec().setReplicas(9);
    var written = apps.replaceNamespacedDeploymentStatus("web", namespace, scaled).execute();
    assertEquals(3, written.getStatus().getReplicas());
    // Only the status is written.
    assertEquals(3, written.getSpec().getReplicas());
    assertEquals(2, written.getMetadata().getGeneration());
  }

  @Test
  void aJobIsCompleteByRules() throws ApiException {
    var job = batch.createNamespacedJob(namespace, job("once")).execute();
    var labels = job.getSpec().getTemplate().getMetadata().getLabels();
    assertEquals("once", labels.get("batch.kubernetes.io/job-name"));
    assertEquals(
        job.getMetadata().getUid(),
        job.getSpec().getSelector().getMatchLabels().get("batch.kubernetes.io/controller-uid"));

    var now = OffsetDateTime.now();
    job.status(
        new V1JobStatus()
            .succeeded(1)
            .addConditionsItem(new V1JobCondition().type("SuccessCriteriaMet").status("True"))
            .addConditionsItem(new V1JobCondition().type("Complete").status("True")));
    var status = batch.replaceNamespacedJobStatus("once", namespace, job);
    // It has neither begun nor ended.
    refused(422, status::execute);
    job.getStatus().startTime(now).completionTime(now);
    assertEquals(2, status.execute().getStatus().getConditions().size());
  }

  @Test
  void anInformerKeepsWhatThereIs() throws Exception {
    createPod("a", "shop");
    var told = new LinkedBlockingQueue<String>();
    var pods = new GenericKubernetesApi<>(V1Pod.class, V1PodList.class, "", "v1", "pods", client);
    var factory = new SharedInformerFactory(client);
    var informer = factory.sharedIndexInformerFor(pods, V1Pod.class, 0, namespace);
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(V1Pod pod) {
            told.add("added " + pod.getMetadata().getName());
          }

          @Override
          public void onUpdate(V1Pod old, V1Pod pod) {
            told.add("updated " + pod.getMetadata().getName());
          }

          @Override
          public void onDelete(V1Pod pod, boolean unknown) {
            told.add("deleted " + pod.getMetadata().getName());
          }
        });
    factory.startAllRegisteredInformers();
    try {
      assertEquals("added a", told.poll(10, SECONDS));
      createPod("b", "shop");
      assertEquals("added b", told.poll(10, SECONDS));
      var patch = new V1Patch("{\"metadata\": {\"labels\": {\"tier\": \"front\"}}}");
      assertTrue(
          pods.patch(namespace, "b", V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, patch).isSuccess());
      assertEquals("updated b", told.poll(10, SECONDS));
      core.deleteNamespacedPod("a", namespace).execute();
      assertEquals("updated a", told.poll(10, SECONDS));
      assertEquals("deleted a", told.poll(10, SECONDS));
      assertEquals(List.of(namespace + "/b"), informer.getIndexer().listKeys().stream().toList());
    } finally {
      factory.stopAllRegisteredInformers();
    }
  }

  @Test
  void anOldCopyIsAConflict() throws ApiException {
    var old = apps.createNamespacedDeployment(namespace, deployment("nginx:1")).execute();
    apply("nginx:2", "other", true);
    old.getSpec().setPaused(true);
    refused(409, () -> apps.replaceNamespacedDeployment("web", namespace, old).execute());

    var read = apps.readNamespacedDeployment("web", namespace).execute();
    read.getSpec().setPaused(true);
    var written = apps.replaceNamespacedDeployment("web", namespace, read).execute();
    assertEquals(
        "nginx:2", written.getSpec().getTemplate().getSpec().getContainers().get(0).getImage());
    assertTrue(written.getSpec().getPaused());
  }

  private boolean may(ApiClient client, String verb, String resource) throws ApiException {
    var attributes = new V1ResourceAttributes().namespace(namespace).verb(verb).resource(resource);
    var review =
        new V1SelfSubjectAccessReview()
            .spec(new V1SelfSubjectAccessReviewSpec().resourceAttributes(attributes));
    return new AuthorizationV1Api(client)
        .createSelfSubjectAccessReview(review)
        .execute()
        .getStatus()
        .getAllowed();
  }

  @Test
  void aBoundRoleCountsUntilItIsUnbound() throws Exception {
    var alice = Config.defaultClient().addDefaultHeader("Impersonate-User", "alice");
    assertFalse(may(alice, "list", "pods"));
    refused(403, () -> new CoreV1Api(alice).listNamespacedPod(namespace).execute());

    var rbac = new RbacAuthorizationV1Api(client);
    var role =
        new V1Role()
            .metadata(new V1ObjectMeta().name("reader"))
            .addRulesItem(
                new V1PolicyRule()
                    .addApiGroupsItem("")
                    .addResourcesItem("pods")
                    .addVerbsItem("list"));
    var binding =
        new V1RoleBinding()
            .metadata(new V1ObjectMeta().name("reader"))
            .roleRef(new V1RoleRef().apiGroup(RBAC).kind("Role").name("reader"))
            .addSubjectsItem(new RbacV1Subject().apiGroup(RBAC).kind("User").name("alice"));
    rbac.createNamespacedRole(namespace, role).execute();
    rbac.createNamespacedRoleBinding(namespace, binding).execute();
    assertTrue(may(alice, "list", "pods"));
    assertFalse(may(alice, "delete", "pods"));
    assertNotNull(new CoreV1Api(alice).listNamespacedPod(namespace).execute());

    rbac.deleteNamespacedRoleBinding("reader", namespace).execute();
    assertFalse(may(alice, "list", "pods"));
  }
}
