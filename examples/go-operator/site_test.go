// A suite as kubebuilder makes it. KUBEBUILDER_ASSETS says whose kube-apiserver it runs on: envtest's own, or the fake one.
package operator

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

var (
	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{"crd"},
		ErrorIfCRDPathMissing: true,
		WebhookInstallOptions: envtest.WebhookInstallOptions{
			ValidatingWebhooks: []*admissionv1.ValidatingWebhookConfiguration{webhooks()},
		},
	}
	admin  client.Client
	scheme = runtime.NewScheme()
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	must(clientgoscheme.AddToScheme(scheme))
	must(AddToScheme(scheme))
	config, err := environment.Start()
	must(err)
	defer func() { must(environment.Stop()) }()
	admin, err = client.New(config, client.Options{Scheme: scheme})
	must(err)

	hooks := environment.WebhookInstallOptions
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"},
		WebhookServer: webhook.NewServer(webhook.Options{
			Host: hooks.LocalServingHost, Port: hooks.LocalServingPort, CertDir: hooks.LocalServingCertDir,
		}),
	})
	must(err)
	validator := &webhook.Admission{Handler: admission.HandlerFunc(Validate)}
	manager.GetWebhookServer().Register("/validate-site", validator)
	must((&Reconciler{Client: manager.GetClient()}).SetupWithManager(manager))
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- manager.Start(ctx) }()
	defer func() {
		stop()
		must(<-stopped)
	}()
	ready := func(context.Context) (bool, error) {
		return manager.GetWebhookServer().StartedChecker()(nil) == nil, nil
	}
	must(wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 10*time.Second, true, ready))
	return m.Run()
}

// webhooks are installed as a cluster would have them; envtest makes the service an address of this process.
func webhooks() *admissionv1.ValidatingWebhookConfiguration {
	path, none := "/validate-site", admissionv1.SideEffectClassNone
	return &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "sites"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "sites.example.com",
			ClientConfig: admissionv1.WebhookClientConfig{
				Service: &admissionv1.ServiceReference{Namespace: "default", Name: "sites", Path: &path},
			},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
				Rule: admissionv1.Rule{
					APIGroups: []string{"example.com"}, APIVersions: []string{"v1"}, Resources: []string{"sites"},
				},
			}},
			SideEffects:             &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// namespace makes one of a test's own.
func namespace(t *testing.T) string {
	t.Helper()
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := admin.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	return made.Name
}

func site(namespace, title string) *Site {
	return &Site{
		ObjectMeta: metav1.ObjectMeta{Name: "home", Namespace: namespace},
		Spec:       SiteSpec{Title: title},
	}
}

// eventually looks until something is so.
func eventually(t *testing.T, is func(context.Context) (bool, error)) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 10*time.Second, true, is)
	if err != nil {
		t.Fatal(err)
	}
}

func TestASiteGetsItsPage(t *testing.T) {
	home := site(namespace(t), "Hello")
	if err := admin.Create(t.Context(), home); err != nil {
		t.Fatal(err)
	}
	if home.Spec.Replicas != 1 {
		t.Errorf("the default is missing: %+v", home.Spec)
	}
	key := client.ObjectKeyFromObject(home)
	page := func(text string) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			var page corev1.ConfigMap
			err := admin.Get(ctx, key, &page)
			return err == nil && page.Data["index.html"] == text, client.IgnoreNotFound(err)
		}
	}
	eventually(t, page("<h1>Hello</h1>"))
	eventually(t, func(ctx context.Context) (bool, error) {
		return home.Status.Ready, admin.Get(ctx, key, home)
	})

	patch := client.MergeFrom(home.DeepCopyObject().(*Site))
	home.Spec.Title = "Good bye"
	if err := admin.Patch(t.Context(), home, patch); err != nil {
		t.Fatal(err)
	}
	eventually(t, page("<h1>Good bye</h1>"))
}

func TestWhatIsNoSiteIsRefused(t *testing.T) {
	wrong := site(namespace(t), "Hello")
	wrong.Spec.Replicas = 9
	err := admin.Create(t.Context(), wrong)
	const why = "spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5"
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), why) {
		t.Fatalf("%v", err)
	}
}

func TestTheWebhookIsAsked(t *testing.T) {
	loud := site(namespace(t), "HELLO")
	err := admin.Create(t.Context(), loud)
	const why = `admission webhook "sites.example.com" denied the request: a title is not shouted`
	if !apierrors.IsForbidden(err) || err.Error() != why {
		t.Fatalf("%v", err)
	}
}

func TestAStaleUpdateIsAConflict(t *testing.T) {
	home := site(namespace(t), "Hello")
	if err := admin.Create(t.Context(), home); err != nil {
		t.Fatal(err)
	}
	home.ResourceVersion = "1"
	if err := admin.Update(t.Context(), home); !apierrors.IsConflict(err) {
		t.Fatalf("%v", err)
	}
}

func TestAUserMayDoWhatRolesSay(t *testing.T) {
	ns := namespace(t)
	user, err := environment.AddUser(envtest.User{Name: "alice", Groups: []string{"dev"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alice, err := client.New(user.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	var sites SiteList
	if err := alice.List(t.Context(), &sites, client.InNamespace(ns)); !apierrors.IsForbidden(err) {
		t.Fatalf("%v", err)
	}
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "reader", Namespace: ns},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{GroupVersion.Group}, Resources: []string{"sites"}, Verbs: []string{"list"},
		}},
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reader", Namespace: ns},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "dev"}},
	}
	for _, object := range []client.Object{role, binding} {
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func(ctx context.Context) (bool, error) {
		err := alice.List(ctx, &sites, client.InNamespace(ns))
		return err == nil, client.IgnoreNotFound(ignoreForbidden(err))
	})
}

func ignoreForbidden(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
