"""The pages."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.notes import recent
from orders import services as orders
from orders.models import Order
from orders.reports import best_customers, turnover_by_category
from payments.services import PaymentDeclined
from products.bestsellers import bestsellers
from products.models import Product
from products.stock import OutOfStock
from storefront.forms import AddressForm, CheckoutForm, ReviewForm
from users.services import add_address


def catalogue(request):
    products = Product.objects.available().select_related("category")
    if category := request.GET.get("category"):
        products = products.filter(category__name=category)
    if wanted := request.GET.get("search"):
        products = products.filter(name__icontains=wanted)
    context = {"products": products, "bestsellers": bestsellers()}
    return render(request, "storefront/catalogue.html", context)


def product(request, sku):
    found = get_object_or_404(Product.objects.select_related("category"), sku=sku)
    context = {
        "product": found,
        "reviews": found.reviews.select_related("user", "order_line"),
        "together": found.bought_together(),
        "form": ReviewForm(),
        "may_review": request.user.is_authenticated and request.user.has_bought(found),
    }
    return render(request, "storefront/product.html", context)


@login_required
@require_POST
def review(request, sku):
    found = get_object_or_404(Product, sku=sku)
    mine = found.reviews.filter(user=request.user).first()
    form = ReviewForm(request.POST, instance=mine)
    if form.is_valid() and request.user.has_bought(found):
        written = form.save(commit=False)
        written.product, written.user = found, request.user
        written.order_line = found.order_lines.filter(order__customer=request.user).first()
        written.save()
    return redirect(found)


def basket(request):
    if request.method == "POST":
        request.basket.add(request.POST["sku"], int(request.POST.get("quantity", 1)))
        return redirect("storefront:basket")
    return render(request, "storefront/basket.html", {"basket": request.basket})


@login_required
def checkout(request):
    if not len(request.basket):
        return redirect("storefront:basket")
    form = CheckoutForm(request.user, request.POST or None)
    if form.is_valid():
        try:
            order = orders.place(
                request.user,
                request.basket.quantities,
                form.cleaned_data["address"],
                form.cleaned_data["payment_token"],
                form.cleaned_data["coupon"],
            )
        except (PaymentDeclined, OutOfStock, orders.UnknownProducts) as error:
            form.add_error(None, str(error))
        else:
            request.basket.clear()
            return redirect("storefront:order", order.pk)
    context = {"form": form, "address_form": AddressForm(), "basket": request.basket}
    return render(request, "storefront/checkout.html", context)


@login_required
@require_POST
def address(request):
    form = AddressForm(request.POST)
    if form.is_valid():
        add_address(request.user, **form.cleaned_data)
    return redirect("storefront:checkout")


@login_required
def order_list(request):
    found = Order.objects.of(request.user).with_everything()
    return render(request, "storefront/orders.html", {"orders": found})


@login_required
def order(request, pk):
    found = get_object_or_404(Order.objects.of(request.user).with_everything(), pk=pk)
    return render(request, "storefront/order.html", {"order": found})


@login_required
@require_POST
def cancel(request, pk):
    found = get_object_or_404(Order.objects.of(request.user), pk=pk)
    try:
        orders.cancel(found, by=request.user, reason=Order.Reason.BY_CUSTOMER)
    except orders.CannotBeCancelled:
        messages.error(request, "It is too late for that.")
    return redirect("storefront:order", pk)


@permission_required(["orders.view_order", "payments.view_payment"])
def dashboard(request):
    context = {
        "turnover": turnover_by_category(),
        "customers": best_customers(),
        "notes": recent(Order),
    }
    return render(request, "storefront/dashboard.html", context)
