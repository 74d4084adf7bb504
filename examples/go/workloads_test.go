// Pods, deployments, jobs, roles and a leader with client-go and controller-runtime, where roles decide:
//
//	echo admin,admin,1,system:masters > tokens.csv
//	fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- go test ./...
package example

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	watchtools "k8s.io/client-go/tools/watch"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const patience = 10 * time.Second

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

func template(app string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx:1"}}},
	}
}

func pod(name, app string) *corev1.Pod {
	template := template(app)
	template.Name = name
	return &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
}

func deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: template("web"),
		},
	}
}

func job() *batchv1.Job {
	template := template("job")
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "once"},
		Spec:       batchv1.JobSpec{Template: template},
	}
}

// must ends a test that cannot go on.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func equal[T comparable](t *testing.T, expected, was T) {
	t.Helper()
	if expected != was {
		t.Errorf("expected %v, was %v", expected, was)
	}
}

// next takes what was told next.
func next(t *testing.T, told <-chan string, expected string) {
	t.Helper()
	select {
	case was := <-told:
		equal(t, expected, was)
	case <-time.After(patience):
		t.Fatalf("nobody told %q", expected)
	}
}

func createPods(t *testing.T, clientset kubernetes.Interface, namespace string, pods ...*corev1.Pod) {
	t.Helper()
	for _, pod := range pods {
		if _, err := clientset.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPodsAreFoundByLabelsAndFields(t *testing.T) {
	_, clientset, namespace := connect(t)
	api := clientset.CoreV1().Pods(namespace)
	createPods(t, clientset, namespace, pod("a", "shop"), pod("b", "shop"), pod("c", "web"))
	patch := []byte(`{"status": {"phase": "Running"}}`)
	running := must[*corev1.Pod](t)(
		api.Patch(t.Context(), "a", types.MergePatchType, patch, metav1.PatchOptions{}, "status"))
	equal(t, corev1.RestartPolicyAlways, running.Spec.RestartPolicy)

	for _, c := range []struct{ labels, fields, expected string }{
		{"app=shop", "", "a b"},
		{"app notin (shop)", "", "c"},
		{"", "status.phase=Running", "a"},
		{"app", "status.phase=Pending,metadata.name!=c", "b"},
	} {
		options := metav1.ListOptions{LabelSelector: c.labels, FieldSelector: c.fields}
		var names []string
		for _, pod := range must[*corev1.PodList](t)(api.List(t.Context(), options)).Items {
			names = append(names, pod.Name)
		}
		equal(t, c.expected, strings.Join(names, " "))
	}
}

func TestAPodOnANodeEndsInItsOwnTime(t *testing.T) {
	_, clientset, namespace := connect(t)
	api := clientset.CoreV1().Pods(namespace)
	createPods(t, clientset, namespace, pod("a", "shop"))
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: "a"},
		Target:     corev1.ObjectReference{Kind: "Node", Name: "node-1"},
	}
	if err := api.Bind(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := api.Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ending := must[*corev1.Pod](t)(api.Get(t.Context(), "a", metav1.GetOptions{}))
	equal(t, "node-1", ending.Spec.NodeName)
	if ending.DeletionTimestamp == nil || *ending.DeletionGracePeriodSeconds != 30 {
		t.Errorf("it does not end: %+v", ending.ObjectMeta)
	}
	// As the kubelet does when the containers have ended.
	if err := api.Delete(t.Context(), "a", *metav1.NewDeleteOptions(0)); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("expected NotFound, got %v", err)
	}
}

func TestAnInformerKeepsWhatThereIs(t *testing.T) {
	_, clientset, namespace := connect(t)
	createPods(t, clientset, namespace, pod("a", "shop"))
	factory := informers.NewSharedInformerFactoryWithOptions(clientset, 0,
		informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "app=shop" }))
	informer := factory.Core().V1().Pods()
	told := make(chan string, 10)
	_, err := informer.Informer().AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(pod any) { told <- "added " + pod.(*corev1.Pod).Name },
		UpdateFunc: func(_, pod any) { told <- "updated " + pod.(*corev1.Pod).Name },
		DeleteFunc: func(pod any) { told <- "deleted " + pod.(*corev1.Pod).Name },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer factory.Shutdown()
	defer stop()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	next(t, told, "added a")

	createPods(t, clientset, namespace, pod("b", "shop"), pod("other", "web"))
	next(t, told, "added b")
	// A pod that is not among them any more is deleted for whoever looks at these.
	patch := []byte(`{"metadata": {"labels": {"app": "web"}}}`)
	must[*corev1.Pod](t)(clientset.CoreV1().Pods(namespace).
		Patch(t.Context(), "a", types.StrategicMergePatchType, patch, metav1.PatchOptions{}))
	next(t, told, "deleted a")
	kept := must[[]*corev1.Pod](t)(informer.Lister().Pods(namespace).List(labels.Everything()))
	if len(kept) != 1 || kept[0].Name != "b" {
		t.Errorf("expected b, kept %v", kept)
	}
}

func applied(image string) *appsapply.DeploymentApplyConfiguration {
	app := map[string]string{"app": "web"}
	container := coreapply.Container().WithName("main").WithImage(image)
	return appsapply.Deployment("web", "").
		WithSpec(appsapply.DeploymentSpec().
			WithSelector(metaapply.LabelSelector().WithMatchLabels(app)).
			WithTemplate(coreapply.PodTemplateSpec().
				WithLabels(app).
				WithSpec(coreapply.PodSpec().WithContainers(container))))
}

func TestAFieldHasOneManager(t *testing.T) {
	_, clientset, namespace := connect(t)
	api := clientset.AppsV1().Deployments(namespace)
	apply := func(image, manager string, force bool) (*appsv1.Deployment, error) {
		options := metav1.ApplyOptions{FieldManager: manager, Force: force}
		return api.Apply(t.Context(), applied(image).WithNamespace(namespace), options)
	}
	created := must[*appsv1.Deployment](t)(apply("nginx:1", "shop", false))
	equal(t, 1, created.Generation)
	_, err := apply("nginx:2", "other", false)
	if !apierrors.IsConflict(err) || !apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict) {
		t.Fatalf("expected a conflict of managers, got %v", err)
	}
	forced := must[*appsv1.Deployment](t)(apply("nginx:2", "other", true))
	equal(t, 2, forced.Generation)
	// The image is not the first one's any more.
	for manager, image := range map[string]*string{"shop": nil, "other": new("nginx:2")} {
		extracted := must[*appsapply.DeploymentApplyConfiguration](t)(appsapply.ExtractDeployment(forced, manager))
		was := extracted.Spec.Template.Spec.Containers[0].Image
		if (was == nil) != (image == nil) || was != nil && *was != *image {
			t.Errorf("%s has image %v", manager, was)
		}
	}
}

func TestADeploymentIsScaledAndBecomesAvailable(t *testing.T) {
	_, clientset, namespace := connect(t)
	api := clientset.AppsV1().Deployments(namespace)
	must[*appsv1.Deployment](t)(api.Create(t.Context(), deployment(), metav1.CreateOptions{}))
	scale, err := api.GetScale(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "app=web", scale.Status.Selector)
	scale.Spec.Replicas = 3
	if _, err := api.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	scaled := must[*appsv1.Deployment](t)(api.Get(t.Context(), "web", metav1.GetOptions{}))
	equal(t, 3, *scaled.Spec.Replicas)
	equal(t, 2, scaled.Generation)

	written := scaled.DeepCopy()
	written.Status = appsv1.DeploymentStatus{
		ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3,
	}
	written.Spec.Replicas = new(int32(9))
	must[*appsv1.Deployment](t)(api.UpdateStatus(t.Context(), written, metav1.UpdateOptions{}))

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watcher := toolscache.NewListWatchFromClient(clientset.AppsV1().RESTClient(), "deployments", namespace, fields.Everything())
	event, err := watchtools.Until(ctx, scaled.ResourceVersion, watcher, func(event watch.Event) (bool, error) {
		return event.Object.(*appsv1.Deployment).Status.AvailableReplicas == 3, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Only the status was written.
	equal(t, 3, *event.Object.(*appsv1.Deployment).Spec.Replicas)
}

func TestAJobKeepsItsTemplateAndIsCompleteByRules(t *testing.T) {
	_, clientset, namespace := connect(t)
	api := clientset.BatchV1().Jobs(namespace)
	once := must[*batchv1.Job](t)(api.Create(t.Context(), job(), metav1.CreateOptions{}))
	equal(t, string(once.UID), once.Spec.Selector.MatchLabels[batchv1.ControllerUidLabel])

	changed := once.DeepCopy()
	changed.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
	_, err := api.Update(t.Context(), changed, metav1.UpdateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "field is immutable") {
		t.Errorf("expected Invalid, got %v", err)
	}

	once.Status.Succeeded = 1
	once.Status.Conditions = []batchv1.JobCondition{
		{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue},
		{Type: batchv1.JobComplete, Status: corev1.ConditionTrue},
	}
	// It has neither begun nor ended.
	if _, err := api.UpdateStatus(t.Context(), once, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("expected Invalid, got %v", err)
	}
	once.Status.StartTime, once.Status.CompletionTime = new(metav1.Now()), new(metav1.Now())
	complete := must[*batchv1.Job](t)(api.UpdateStatus(t.Context(), once, metav1.UpdateOptions{}))
	equal(t, 1, complete.Status.Succeeded)
}

func TestABoundRoleCountsUntilItIsUnbound(t *testing.T) {
	config, clientset, namespace := connect(t)
	impersonated := rest.CopyConfig(config)
	impersonated.Impersonate = rest.ImpersonationConfig{UserName: "alice", Groups: []string{"dev"}}
	alice := must[*kubernetes.Clientset](t)(kubernetes.NewForConfig(impersonated))
	may := func(verb string) bool {
		t.Helper()
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Resource: "pods",
			},
		}}
		reviews := alice.AuthorizationV1().SelfSubjectAccessReviews()
		answer, err := reviews.Create(t.Context(), review, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status.Allowed
	}
	role := func(name string, verbs ...string) *rbacv1.Role {
		return &rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: verbs},
				{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"create"}},
			},
		}
	}
	list := func() error {
		_, err := alice.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	}

	equal(t, false, may("list"))
	equal(t, true, apierrors.IsForbidden(list()))
	rbac := clientset.RbacV1()
	must[*rbacv1.Role](t)(rbac.Roles(namespace).Create(t.Context(), role("reader", "get", "list"), metav1.CreateOptions{}))
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "dev"}},
	}
	must[*rbacv1.RoleBinding](t)(rbac.RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}))
	equal(t, true, may("list"))
	equal(t, false, may("delete"))
	equal(t, nil, list())

	// Nobody gives away what they do not have.
	roles := alice.RbacV1().Roles(namespace)
	_, err := roles.Create(t.Context(), role("more", "delete"), metav1.CreateOptions{})
	equal(t, true, apierrors.IsForbidden(err))
	must[*rbacv1.Role](t)(roles.Create(t.Context(), role("less", "get"), metav1.CreateOptions{}))

	if err := rbac.RoleBindings(namespace).Delete(t.Context(), "reader", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	equal(t, false, may("list"))
}

func TestALeaseHasOneLeader(t *testing.T) {
	_, clientset, namespace := connect(t)
	told := make(chan string, 10)
	// run returns what lets a candidate go.
	run := func(name string) func() {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
				Lock: &resourcelock.LeaseLock{
					LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: namespace},
					Client:     clientset.CoordinationV1(),
					LockConfig: resourcelock.ResourceLockConfig{Identity: name},
				},
				LeaseDuration:   5 * time.Second,
				RenewDeadline:   3 * time.Second,
				RetryPeriod:     100 * time.Millisecond,
				ReleaseOnCancel: true,
				Callbacks: leaderelection.LeaderCallbacks{
					OnStartedLeading: func(context.Context) { told <- name + " leads" },
					OnStoppedLeading: func() { told <- name + " ends" },
				},
			})
		}()
		return func() {
			cancel()
			<-done
		}
	}
	endA := run("a")
	next(t, told, "a leads")
	endB := run("b")
	endA()
	next(t, told, "a ends")
	next(t, told, "b leads")
	leases := clientset.CoordinationV1().Leases(namespace)
	lease, err := leases.Get(t.Context(), "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "b", *lease.Spec.HolderIdentity)
	endB()
	next(t, told, "b ends")
}

func TestControllerRuntimeReadsItsCacheAndWritesToTheServer(t *testing.T) {
	config, _, namespace := connect(t)
	direct := must[client.Client](t)(client.New(config, client.Options{Scheme: scheme.Scheme}))
	store := must[cache.Cache](t)(cache.New(config, cache.Options{
		Scheme:            scheme.Scheme,
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
	}))
	image := func(object client.Object) []string {
		return []string{object.(*corev1.Pod).Spec.Containers[0].Image}
	}
	if err := store.IndexField(t.Context(), &corev1.Pod{}, "image", image); err != nil {
		t.Fatal(err)
	}
	informer := must[cache.Informer](t)(store.GetInformer(t.Context(), &corev1.Pod{}, cache.BlockUntilSynced(false)))
	told := make(chan string, 10)
	_, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(pod any) { told <- "added " + pod.(*corev1.Pod).Name },
		UpdateFunc: func(_, pod any) { told <- "updated " + pod.(*corev1.Pod).Name },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- store.Start(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	equal(t, true, store.WaitForCacheSync(ctx))

	for i := range 3 {
		made := pod(fmt.Sprintf("pod-%d", i), "shop")
		made.Namespace = namespace
		made.Spec.Containers[0].Image = fmt.Sprintf("nginx:%d", i%2)
		if err := direct.Create(ctx, made); err != nil {
			t.Fatal(err)
		}
		next(t, told, "added "+made.Name)
	}
	var pods corev1.PodList
	if err := store.List(ctx, &pods, client.MatchingFields{"image": "nginx:0"}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, pod := range pods.Items {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	equal(t, "pod-0 pod-2", strings.Join(names, " "))

	var first corev1.Pod
	key := client.ObjectKey{Namespace: namespace, Name: "pod-0"}
	if err := store.Get(ctx, key, &first); err != nil {
		t.Fatal(err)
	}
	patch := client.MergeFromWithOptions(first.DeepCopy(), client.MergeFromWithOptimisticLock{})
	stale := first.DeepCopy()
	first.Labels["tier"] = "front"
	if err := direct.Patch(ctx, &first, patch); err != nil {
		t.Fatal(err)
	}
	next(t, told, "updated pod-0")
	stale.Labels["tier"] = "back"
	if err := direct.Patch(ctx, stale, patch); !apierrors.IsConflict(err) {
		t.Errorf("expected a conflict, got %v", err)
	}

	first.Status.Phase = corev1.PodRunning
	if err := direct.Status().Update(ctx, &first); err != nil {
		t.Fatal(err)
	}
	next(t, told, "updated pod-0")
	if err := store.Get(ctx, key, &first); err != nil {
		t.Fatal(err)
	}
	equal(t, corev1.PodRunning, first.Status.Phase)
	if err := direct.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(namespace), client.MatchingLabels{"tier": "front"}); err != nil {
		t.Fatal(err)
	}
	if err := direct.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	equal(t, 2, len(pods.Items))
}

func TestControllerRuntimeAppliesAndScales(t *testing.T) {
	config, _, namespace := connect(t)
	direct := must[client.Client](t)(client.New(config, client.Options{Scheme: scheme.Scheme}))
	if err := direct.Apply(t.Context(), applied("nginx:1").WithNamespace(namespace), client.FieldOwner("shop")); err != nil {
		t.Fatal(err)
	}
	err := direct.Apply(t.Context(), applied("nginx:2").WithNamespace(namespace), client.FieldOwner("other"))
	equal(t, true, apierrors.IsConflict(err))

	web := deployment()
	web.Namespace = namespace
	scale := client.RawPatch(types.MergePatchType, []byte(`{"spec": {"replicas": 3}}`))
	if err := direct.SubResource("scale").Patch(t.Context(), web.DeepCopy(), scale); err != nil {
		t.Fatal(err)
	}
	if err := direct.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
		t.Fatal(err)
	}
	equal(t, 3, *web.Spec.Replicas)
	equal(t, "nginx:1", web.Spec.Template.Spec.Containers[0].Image)
}
